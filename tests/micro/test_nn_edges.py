"""What TFLite Micro cannot be asked: more dimensions, larger windows and longer rows than it has; against NumPy."""

import nn
import numpy as np
import pytest
from one_op import int8

from tfcaps.quantization.simulator.ops.softmax import exp_table
from tfcaps.quantization.simulator.tflite_rounding import multiply


def called(name, *arguments, out):
    found = np.full(out, 99, np.int8)
    nn.call(name, *arguments, found)
    return found


def test_the_reciprocal_of_a_window_divides_exactly():
    """The bound 4080 in tfcaps_average_pool_2d_s8.c, at every place where a quotient changes."""
    d = np.arange(1, 4081, dtype=np.int64)[:, None]
    reciprocal = (2**31 + d - 1) // d
    for n in (d * np.arange(1, 130), d * np.arange(1, 130) - 1):
        reachable = n <= 128 * d + d // 2
        assert np.all((n * reciprocal >> 31 == n // d) | ~reachable)


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (40, 102), (63, 65), (70, 90)])
def test_average_pools_of_any_size(size):
    rng = np.random.default_rng(0)
    height, width = size
    for shift in (0, 1, 2, 3):
        x = int8(rng, (1, height, width, 3)) >> shift
        if shift == 3:
            x[:] = rng.choice([-128, 127])
        params = nn.Pool(height, width, 1, 1, 0, 0, -128, 127)
        y = called("average_pool_2d", params, nn.Image(*x.shape), x, nn.Image(1, 1, 1, 3), out=3)
        sums, count = x.astype(np.int64).sum(axis=(0, 1, 2)), height * width
        np.testing.assert_array_equal(y, np.sign(sums) * ((np.abs(sums) + count // 2) // count))


def test_long_rows_of_softmax():
    """TFLite Micro stops at a sum of 512 times the largest exponential; beyond, everything rounds to 0."""
    table = nn.Softmax(nn.int_pointer(exp_table(0.1, 1.0)))
    for depth in (1, 2, 300, 511, 512, 1024, 4095):
        same = np.full((2, depth), 7, np.int8)
        y = called("softmax", table, nn.SoftmaxDims(2, depth), same, out=(2, depth))
        assert np.all(np.abs(y + 128.0 - min(255, 256 / depth)) <= 0.51)
    row = np.full((1, 4095), -128, np.int8)
    row[0, 17] = 127
    y = called("softmax", table, nn.SoftmaxDims(1, 4095), row, out=4095)
    assert y[17] == 127
    assert np.all(np.delete(y, 17) == -128)


def test_softmax_is_near_its_meaning():
    rng = np.random.default_rng(0)
    for scale in (0.001, 0.02, 0.1, 1.0):
        x = int8(rng, (30, 10))
        exps = np.exp((x - 127.0) * scale)
        y = called("softmax", nn.Softmax(nn.int_pointer(exp_table(scale, 1.0))), nn.SoftmaxDims(30, 10), x, out=x.shape)
        assert np.abs(y + 128.0 - np.minimum(255, exps / exps.sum(axis=1, keepdims=True) * 256)).max() <= 1.01


def six(rng):
    return [int(n) for n in rng.integers(1, 4, 6)]


@pytest.mark.parametrize("seed", range(20))
def test_six_dimensions(seed):
    rng = np.random.default_rng(seed)
    x = int8(rng, six(rng))
    permutation = rng.permutation(6)
    moved = x.transpose(permutation)
    params = nn.Transpose(nn.rank_array(permutation))
    np.testing.assert_array_equal(called("transpose", params, nn.shape(x.shape), x, out=moved.shape), moved)

    before, after = rng.integers(0, 2, (2, 6))
    padded = np.pad(x, list(zip(before, after, strict=True)), constant_values=-7)
    params = nn.Pad(nn.rank_array(before), nn.rank_array(after), -7)
    np.testing.assert_array_equal(called("pad", params, nn.shape(x.shape), x, out=padded.shape), padded)

    strides = rng.choice([1, 2, -1, -2], 6)
    slices = tuple(slice(None, None, int(stride)) for stride in strides)
    taken = x[slices]
    begins = [0 if stride > 0 else size - 1 for stride, size in zip(strides, x.shape, strict=True)]
    params = nn.StridedSlice(nn.rank_array(begins), nn.rank_array(strides))
    arguments = params, nn.shape(x.shape), x, nn.shape(taken.shape)
    np.testing.assert_array_equal(called("strided_slice", *arguments, out=taken.shape), taken)

    axes = [n for n in range(6) if rng.integers(0, 2)]
    scale = 2**30 + int(rng.integers(0, 2**30)), int(rng.integers(-5, 3))
    sums = np.asarray((x.astype(np.int64) - 9).sum(axis=tuple(axes)))
    params = nn.Sum(sum(1 << n for n in axes), 9, -4, *scale)
    expected = np.clip(multiply(sums, *scale) - 4, -128, 127)
    np.testing.assert_array_equal(called("sum", params, nn.shape(x.shape), x, out=sums.shape), expected)


@pytest.mark.parametrize("seed", range(20))
def test_broadcasting_in_six_dimensions(seed):
    rng = np.random.default_rng(seed)
    shape = six(rng)
    x = int8(rng, [1 if rng.integers(0, 3) == 0 else n for n in shape])
    y = int8(rng, [n if m != n or rng.integers(0, 2) else 1 for n, m in zip(shape, x.shape, strict=True)])
    y = y.reshape(y.shape[int(y.shape[0] == 1) :])
    largest = np.maximum(x, y)
    arguments = nn.shape(x.shape), x, nn.shape(y.shape), y, nn.shape(largest.shape)
    np.testing.assert_array_equal(called("maximum", *arguments, out=largest.shape), largest)
    np.testing.assert_array_equal(called("minimum", *arguments, out=largest.shape), np.minimum(x, y))
    params = nn.Mul(3, -5, 1, 2**30 + 12345, -4, -100, 100)
    product = (x.astype(np.int64) - 3) * (y.astype(np.int64) + 5)
    expected = np.clip(multiply(product, 2**30 + 12345, -4) + 1, -100, 100)
    np.testing.assert_array_equal(called("mul", params, *arguments, out=largest.shape), expected)


def test_a_tensor_of_one_value_may_have_no_dimension():
    one = np.array(5, np.int8)
    scalar = nn.shape(())
    assert called("transpose", nn.Transpose(), scalar, one, out=()) == 5
    assert called("pad", nn.Pad(), scalar, one, out=()) == 5
    assert called("strided_slice", nn.StridedSlice(), scalar, one, scalar, out=()) == 5
    assert called("sum", nn.Sum(0, 1, 2, 2**30, 1), scalar, one, out=()) == 6
    assert called("maximum", scalar, one, scalar, np.array(-5, np.int8), scalar, out=()) == 5


def test_dense_layers_of_several_rows():
    rng = np.random.default_rng(0)
    for shift in (-31, -8, 0, 1, 5):
        x, kernel, bias = int8(rng, (5, 33)), int8(rng, (7, 33)), rng.integers(-999, 999, 7).astype(np.int32)
        scales = nn.Scales(1, nn.int_pointer([2**30 + 77]), nn.int_pointer([shift]))
        arguments = nn.NO_SCRATCH, nn.Dense(-3, 4, -120, 110), scales, nn.DenseDims(5, 33, 7), x, kernel, bias
        sums = (x.astype(np.int64) + 3) @ kernel.T.astype(np.int64) + bias
        expected = np.clip(multiply(sums, 2**30 + 77, shift) + 4, -120, 110)
        np.testing.assert_array_equal(called("fully_connected", *arguments, out=(5, 7)), expected)


@pytest.mark.parametrize("seed", range(6))
def test_convolutions_of_many_filters(seed):
    """More filters than the kernel remembers biases of, at an even and an odd number of columns."""
    rng = np.random.default_rng(seed)
    filters, taps, depth, width = int(rng.integers(60, 75)), 3, int(rng.integers(1, 7)), int(rng.integers(4, 12))
    x, kernel = int8(rng, (2, 7, width, depth)), int8(rng, (filters, taps, taps, depth))
    bias = rng.integers(-999, 999, filters).astype(np.int32)
    padding = seed % 2
    padded = np.pad(x.astype(np.int64) + 3, [(0, 0), (padding, padding), (padding, padding), (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (taps, taps), axis=(1, 2))
    sums = np.einsum("nyxcij,fijc->nyxf", windows, kernel.astype(np.int64)) + bias
    scales = nn.Scales(1, nn.int_pointer([2**30 + 77]), nn.int_pointer([-9]))
    params = nn.Conv(1, 1, 1, 1, padding, padding, -3, 4, -120, 110)
    images = nn.Image(*x.shape), x, nn.Image(*kernel.shape), kernel, bias, nn.Image(*sums.shape)
    found = called("conv_2d", nn.NO_SCRATCH, params, scales, *images, out=sums.shape)
    np.testing.assert_array_equal(found, np.clip(multiply(sums, 2**30 + 77, -9) + 4, -120, 110))

"""The NumPy specification against the C kernels, bit for bit, and what the specification promises."""

import kernels
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import dense_params, length_params, planted_routing, replace, squash_params

from tfcaps.errors import FileFormatError
from tfcaps.quantization.simulator import CapsuleDenseParams, SquashParams, capsule_dense, length, squash
from tfcaps.quantization.simulator import fixed_point as fx


def int8(rng, shape):
    """Random values, sometimes zeros, small ones or the two extremes."""
    kind = rng.integers(0, 6)
    if kind == 0:
        return np.zeros(shape, np.int8)
    if kind == 1:
        return rng.choice(np.array([-128, 127], np.int8), shape)
    low, high = (-3, 4) if kind == 2 else (-128, 128)
    return rng.integers(low, high, shape).astype(np.int8)


def random_layer(rng, *, wild):
    """A layer with reasonable or arbitrary options: u, kernel, bias, params, J."""
    batch, inputs, depth = rng.integers(1, 4), rng.integers(1, 40), int(rng.choice([1, 2, 3, 4, 7, 8, 16, 33]))
    capsules, dimension = int(rng.integers(1, 12)), int(rng.choice([1, 2, 3, 4, 6, 8, 16, 17, 40]))
    outputs, zero_point = capsules * dimension, int(rng.choice([0, 0, -128, 5, 127]))
    u, kernel = int8(rng, (batch, inputs, depth)), int8(rng, (inputs, outputs, depth))
    iterations, leaky = int(rng.choice([1, 2, 3, 3, 5, 16])), int(rng.integers(0, 2))
    bias = rng.integers(-4096, 4096, outputs).astype(np.int32) if rng.integers(0, 2) else None
    params = dense_params(
        rng,
        outputs,
        capsules=capsules,
        inputs=int(inputs),
        depth=depth,
        iterations=iterations,
        zero_point=zero_point,
        leaky=leaky,
    )
    if wild:
        multiplier = rng.integers(0, 2**31, outputs) >> rng.integers(0, 31)
        shifts = {key: int(rng.integers(1, 63)) for key in ("sum_shift", "logit_shift")}
        params = replace(params, multiplier=multiplier, vote_shift=int(rng.integers(0, 17)), **shifts)
        params = replace(params, logit_bits=int(rng.integers(8, 31)))
        bias = None if bias is None else rng.integers(-(2**31), 2**31, outputs).astype(np.int32)
    return u, kernel, bias, params, capsules


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("wild", [False, True])
def test_capsule_dense_is_the_same_in_c(seed, wild):
    rng = np.random.default_rng(seed)
    varied = 0
    for _ in range(60):
        u, kernel, bias, params, capsules = random_layer(rng, wild=wild)
        result = capsule_dense(u, kernel, bias, params, capsules)
        for keep in (False, True):
            found = kernels.capsule_dense(u, kernel, bias, params, capsules, keep=keep)
            np.testing.assert_array_equal(found, result.output)
        varied += np.ptp(result.couplings) > 500
    assert wild or varied > 10  # the comparison is of routing that routes


@pytest.mark.parametrize("seed", range(10))
def test_squash_and_length_are_the_same_in_c(seed):
    rng = np.random.default_rng(seed)
    for _ in range(60):
        dimension = int(rng.choice([1, 2, 4, 8, 16, 17, 64, 65, 256]))
        capsules = int8(rng, (2, 3, dimension))
        zero_point = int(rng.integers(-128, 128))
        params = SquashParams(zero_point, int(2 ** rng.uniform(0, 31)))
        np.testing.assert_array_equal(kernels.squash(capsules, params), squash(capsules, params))
        params = length_params(dimension, 2 ** rng.uniform(-9, 0), 2 ** rng.uniform(-9, 0), zero_point)
        np.testing.assert_array_equal(kernels.length(capsules, params), length(capsules, params))
        params = replace(params, shift=int(rng.integers(1, 63)), output_zero_point=int(rng.integers(-128, 128)))
        np.testing.assert_array_equal(kernels.length(capsules, params), length(capsules, params))


@pytest.mark.parametrize("seed", range(5))
def test_paired_weights_give_the_same_bits(seed):
    rng = np.random.default_rng(100 + seed)
    for n in range(40):
        u, kernel, bias, params, capsules = random_layer(rng, wild=n % 2 == 1)
        depth = int(rng.choice([4, 8, 12, 64]))
        u, kernel = int8(rng, (*u.shape[:2], depth)), np.maximum(int8(rng, (*kernel.shape[:2], depth)), -127)
        params = replace(params, vote_shift=0, logit_bits=int(rng.integers(24, 31)))
        expected = capsule_dense(u, kernel, bias, params, capsules).output
        for keep in (False, True):
            found = kernels.capsule_dense(u, kernel, bias, params, capsules, keep=keep, paired=True)
            np.testing.assert_array_equal(found, expected)


def test_largest_dimensions_are_the_same_in_c():
    rng = np.random.default_rng(0)
    for inputs, depth, capsules, dimension in ((3, 1024, 2, 256), (2, 1, 4096, 15), (2000, 1, 1, 2)):
        u = np.full((1, inputs, depth), -128, np.int8)
        kernel = rng.choice(np.array([-128, 127], np.int8), (inputs, capsules * dimension, depth))
        multiplier = np.full(capsules * dimension, 2**31 - 1)
        for sum_shift in (1, 30, 40, 62):
            params = CapsuleDenseParams(127, 3, 1, 0, multiplier, sum_shift, 40, 8)
            expected = capsule_dense(u, kernel, None, params, capsules).output
            np.testing.assert_array_equal(kernels.capsule_dense(u, kernel, None, params, capsules), expected)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_couplings_sum_to_one(seed):
    rng = np.random.default_rng(seed)
    u, kernel, bias, params, capsules = random_layer(rng, wild=bool(seed % 2))
    params = replace(params, leaky=0, iterations=max(2, params.iterations))
    couplings = capsule_dense(u, kernel, bias, params, capsules).couplings
    assert np.all(np.abs(couplings.sum(axis=1) - 2**15) <= 2)
    leaky = capsule_dense(u, kernel, bias, replace(params, leaky=1), capsules).couplings
    assert np.all(leaky.sum(axis=1) <= 2**15 + 2)


def test_couplings_of_many_capsules_sum_to_one():
    rng = np.random.default_rng(3)
    u, kernel = int8(rng, (1, 5, 4)), rng.integers(-128, 128, (5, 4096 * 2, 4)).astype(np.int8)
    params = dense_params(rng, 8192, capsules=4096, inputs=5, depth=4)
    couplings = capsule_dense(u, kernel, None, params, 4096).couplings
    assert np.all(np.abs(couplings.sum(axis=1) - 2**15) <= 2)


@pytest.mark.parametrize("strength", [0.5, 2, 8])
def test_couplings_are_those_of_floats_however_far_the_logits_are(strength):
    """Of votes that agree and disagree so strongly that the softmax saturates."""
    rng = np.random.default_rng(5)
    inputs, depth, capsules, dimension = 40, 4, 6, 8
    u = rng.integers(-127, 128, (2, inputs, depth)).astype(np.int8)
    shared = rng.standard_normal((1, capsules * dimension, depth)) * strength
    kernel = shared + rng.standard_normal((inputs, capsules * dimension, depth)) * strength
    scale = np.abs(kernel).max() / 127
    kernel = np.round(kernel / scale).astype(np.int8)
    unit = scale / 128
    exponent = 31 - np.frexp(unit)[1]
    multiplier = np.full(capsules * dimension, round(unit * 2.0**exponent))
    bits = int(np.log2(32767 / (unit * 2 * np.log2(np.e))))
    params = CapsuleDenseParams(0, 3, 0, 0, multiplier, exponent - 12, exponent + 15 - bits, bits)
    votes = np.einsum("nik,iok->nio", u / 128, kernel * scale).reshape(2, inputs, capsules, dimension)
    logits = np.zeros(votes.shape[:3])
    for _ in range(3):
        c = np.exp(logits - logits.max(axis=2, keepdims=True))
        c /= c.sum(axis=2, keepdims=True)
        s = np.einsum("nij,nijd->njd", c, votes)
        n2 = (s * s).sum(axis=-1, keepdims=True)
        v = s * np.sqrt(n2) / (1 + n2)
        spread = np.abs(logits).max()
        logits += np.einsum("nijd,njd->nij", votes, v)
    result = capsule_dense(u, kernel, None, params, capsules)
    found = result.couplings.transpose(0, 2, 1) / 2**15
    assert spread > 3 * strength
    assert np.corrcoef(found.ravel(), c.ravel())[0, 1] > 0.999
    assert np.abs(found.sum(axis=2) - 1).max() <= 2 / 2**15
    assert np.abs(np.linalg.norm(result.v / 2**15, axis=-1) - np.linalg.norm(v, axis=-1)).mean() < 0.006
    np.testing.assert_array_equal(kernels.capsule_dense(u, kernel, None, params, capsules), result.output)


def test_iteration_zero_without_routing_has_equal_couplings():
    rng = np.random.default_rng(0)
    params = dense_params(rng, 8, capsules=4, inputs=3, depth=2, iterations=1)
    couplings = capsule_dense(int8(rng, (1, 3, 2)), int8(rng, (3, 8, 2)), None, params, 4).couplings
    assert np.all(couplings == 2**15 // 4)


def test_integers_are_near_the_float_meaning():
    rng = np.random.default_rng(7)
    inputs, depth, capsules, dimension = 40, 4, 5, 6
    u = rng.integers(-127, 128, (8, inputs, depth)).astype(np.int8)
    kernel = rng.integers(-127, 128, (inputs, capsules * dimension, depth)).astype(np.int8)
    params = dense_params(rng, capsules * dimension, capsules=capsules, inputs=inputs, depth=depth)
    unit = params.multiplier / 2.0 ** (params.sum_shift + 12)
    votes = np.einsum("nik,iok->nio", u.astype(float), kernel.astype(float)) / 2**params.vote_shift * unit
    votes = votes.reshape(8, inputs, capsules, dimension)
    logits = np.zeros(votes.shape[:3])
    for _ in range(3):
        c = np.exp(logits) / np.exp(logits).sum(axis=2, keepdims=True)
        s = np.einsum("nij,nijd->njd", c, votes)
        n2 = (s * s).sum(axis=-1, keepdims=True)
        v = s * np.sqrt(n2) / (1 + n2)
        logits += np.einsum("nijd,njd->nij", votes, v)
    result = capsule_dense(u, kernel, None, params, capsules)
    assert np.ptp(c) > 0.1
    assert np.abs(result.v / 2**15 - v).max() < 0.003
    assert np.abs(result.couplings / 2**15 - c.transpose(0, 2, 1)).max() < 0.005
    assert np.abs(result.output / 128 - v).max() < 0.008


def test_squash_and_length_are_near_the_float_meaning():
    rng = np.random.default_rng(0)
    for dimension in (1, 4, 16, 17, 64, 65, 256):
        q = rng.integers(-128, 128, (50, dimension)).astype(np.int8)
        scale = 2.0 / (74 * np.sqrt(dimension))
        s = (q.astype(float) - 3) * scale
        n2 = (s * s).sum(axis=-1, keepdims=True)
        v = squash(q, squash_params(scale, 3))
        assert np.abs(v / 128 - s * np.sqrt(n2) / (1 + n2)).max() < 0.0065
        lengths = length(q, length_params(dimension, scale, 1 / 64, 3, -128))
        expected = np.clip(np.sqrt(n2[:, 0]) * 64 - 128, -128, 127)
        assert np.abs(lengths - expected).max() <= 0.6


def test_planted_routing_changes_the_answer():
    for iterations, winner in ((1, 0), (2, 1), (3, 1)):
        u, kernel, params = planted_routing(iterations)
        result = capsule_dense(u, kernel, None, params, 2)
        lengths = np.linalg.norm(result.output.astype(float), axis=-1)[0]
        assert lengths.argmax() == winner
        assert abs(lengths[0] - lengths[1]) > 10
        np.testing.assert_array_equal(kernels.capsule_dense(u, kernel, None, params, 2), result.output)


def test_zero_capsules_stay_zero():
    params = squash_params(0.1, 5)
    assert not squash(np.full((4, 8), 5, np.int8), params).any()
    rng = np.random.default_rng(0)
    dense = dense_params(rng, 12, capsules=3, inputs=4, depth=2)
    assert not capsule_dense(np.zeros((2, 4, 2), np.int8), int8(rng, (4, 12, 2)), None, dense, 3).output.any()


def test_an_empty_batch_gives_an_empty_batch():
    rng = np.random.default_rng(0)
    params = dense_params(rng, 12, capsules=3, inputs=4, depth=2)
    result = capsule_dense(np.zeros((0, 4, 2), np.int8), int8(rng, (4, 12, 2)), None, params, 3)
    assert result.output.shape == (0, 3, 4)
    assert result.couplings.shape == (0, 3, 4)


def test_shapes_that_do_not_fit_are_refused():
    rng = np.random.default_rng(0)
    params = dense_params(rng, 12, capsules=3, inputs=4, depth=2)
    with pytest.raises(FileFormatError, match="J \\* D multipliers"):
        capsule_dense(np.zeros((1, 4, 3), np.int8), int8(rng, (4, 12, 2)), None, params, 3)


def test_square_roots_are_exact():
    roots = np.concatenate([np.arange(0, 65536, 37), [65535]])
    around = np.concatenate([roots**2, roots**2 + 1, np.maximum(roots**2 - 1, 0), [2**32 - 1]])
    found = fx.isqrt(around)
    assert np.all(found**2 <= around)
    assert np.all((found + 1) ** 2 > around)
    np.testing.assert_array_equal(fx.clz(np.array([0, 1, 2, 3, 2**31, 2**32 - 1])), [32, 31, 30, 30, 0, 0])

"""Every kernel of a builtin operator refuses what it cannot do, with a status and without touching its output."""

import ctypes as c

import nn
import numpy as np
import pytest
from kernels import ERROR_DIMS, ERROR_NULL, ERROR_RANGE, ERROR_SCRATCH, LIBRARY, OK, Context

HUGE = 2**31 - 1
INT8 = (-129, 128, HUGE, -HUGE - 1)
MULTIPLIER, SHIFT = (-1, -HUGE - 1), (-32, 31, HUGE)
EXTENT = (0, -1, 65536, HUGE)
ROOM = np.zeros(256, np.int32)
EXPS = np.arange(256, 0, -1) << 22
CONVOLUTIONS = ("conv_2d", "conv_2d_interleaved", "depthwise_conv_2d")
ACTIVATION = {"activation_min": (*INT8, 101), "activation_max": (*INT8, -101)}


def zeros(size):
    return np.zeros(size, np.int8)


def scales(count=1):
    return nn.Scales(count, nn.int_pointer([2**30] * count), nn.int_pointer([-3] * count))


def paired_weights(filters, steps):
    """What `tfcaps compile --layout paired` makes of zeros."""
    block = np.concatenate([np.zeros(4 + steps, np.int32), np.array([2**30, 4, 3, 2**30, 4, 3], np.int32)])
    return np.concatenate([np.zeros(1, np.int32), np.tile(block, -(-filters // 2))])


def paired_taps(channels, rows):
    """The same of a depthwise convolution at most three columns wide."""
    return np.tile(np.array([2**30, 4, 3, 0, *[0] * (2 * rows)], np.int32), channels)


def parts(*sizes, outer=2):
    return nn.Parts(outer, len(sizes), nn.int_pointer(sizes))


def gather(*indices, outer=2, size=5, inner=3):
    return nn.Gather(outer, size, inner, len(indices), nn.int_pointer(indices))


def shape(*sizes):
    return nn.shape(sizes)


def good():
    """A call of each kernel that is right: structures, inputs, None for an absent bias, and the output last."""
    scratch = Context(ROOM.ctypes.data, ROOM.nbytes)
    images_of_6, images_of_8 = (nn.Image(2, 3, 3, 6), zeros(108)), (nn.Image(2, 3, 3, 8), zeros(144))
    no_scratch, conv = Context(None, 0), nn.Conv(2, 2, 1, 1, 1, 1, 3, -3, -100, 100)
    images = nn.Image(2, 5, 5, 4), zeros(200)
    grouped = *images, nn.Image(6, 3, 3, 2), zeros(108), None, nn.Image(2, 3, 3, 6), zeros(108)
    blocks = *images, nn.Image(6, 3, 3, 4), zeros(2 * (4 * 36 + 6)), np.zeros(6, np.int32), *images_of_6
    depthwise = *images, nn.Image(1, 3, 3, 8), zeros(72), None, nn.Image(2, 3, 3, 8), zeros(144)
    dense = zeros(8), zeros(12), None, zeros(6)
    pool = nn.Pool(3, 3, 2, 2, 1, 1, -100, 100)
    pooled = *images, nn.Image(2, 3, 3, 4), zeros(72)
    pair = shape(2, 3), zeros(6), shape(3), zeros(3), shape(2, 3), zeros(6)
    add = nn.Add(20, 1, 2**30, 0, 2, 2**30, -1, 3, 2**30, -19, -100, 100)
    exps = nn.Softmax(nn.int_pointer(EXPS))
    moved = shape(2, 3), zeros(6)
    slices = nn.StridedSlice(nn.rank_array([0, 2]), nn.rank_array([1, -2])), *moved, shape(2, 2), zeros(4)
    columns = nn.pointers([zeros(4), zeros(6)])
    return {
        "conv_2d": [no_scratch, conv, scales(6), *grouped],
        "conv_2d_interleaved": [scratch, conv, scales(6), *blocks],
        "conv_2d_paired": [scratch, conv, *images, nn.Image(6, 3, 3, 4), paired_weights(6, 18), *images_of_6],
        "depthwise_conv_2d": [no_scratch, conv, scales(8), *depthwise],
        "depthwise_conv_2d_paired": [no_scratch, conv, *images, nn.Image(1, 3, 3, 8), paired_taps(8, 3), *images_of_8],
        "fully_connected": [no_scratch, nn.Dense(1, 2, -100, 100), scales(3), nn.DenseDims(2, 4, 3), *dense],
        "max_pool_2d": [pool, *pooled],
        "average_pool_2d": [pool, *pooled],
        "add": [add, *pair],
        "sub": [add, *pair],
        "mul": [nn.Mul(1, 2, 3, 2**30, -3, -100, 100), *pair],
        "maximum": [*pair],
        "minimum": [*pair],
        "lookup": [zeros(256), 5, zeros(5), zeros(5)],
        "softmax": [exps, nn.SoftmaxDims(2, 5), zeros(10), zeros(10)],
        "sum": [nn.Sum(2, 1, 2, 2**30, -2), *moved, zeros(2)],
        "pad": [nn.Pad(nn.rank_array([1, 0]), nn.rank_array([0, 2]), 5), *moved, zeros(15)],
        "transpose": [nn.Transpose(nn.rank_array([1, 0])), *moved, zeros(6)],
        "strided_slice": [*slices],
        "gather": [gather(0, 4, 3, 3), zeros(30), zeros(24)],
        "concatenation": [parts(2, 3), columns, zeros(10)],
        "split": [parts(2, 3), zeros(10), columns],
    }


def attempt(name, arguments):
    """The status; on anything but OK the output must be as it was."""
    output = arguments[-1]
    if isinstance(output, np.ndarray):
        output[:] = 99
    status = nn.status(name, *arguments)
    assert status == OK or not isinstance(output, np.ndarray) or np.all(output == 99)
    return status


@pytest.mark.parametrize("name", good())
def test_good_calls_succeed(name):
    assert attempt(name, good()[name]) == OK


@pytest.mark.parametrize("name", good())
def test_null_is_refused(name):
    for position, argument in enumerate(good()[name]):
        if argument is None or isinstance(argument, int):
            continue
        arguments = good()[name]
        arguments[position] = None
        assert nn.status(name, *arguments) == ERROR_NULL, position
        for field, kind in getattr(argument, "_fields_", ()):
            if kind is nn.INTS:
                arguments = good()[name]
                setattr(arguments[position], field, None)
                assert attempt(name, arguments) == ERROR_NULL, field


WINDOW = dict.fromkeys(("stride_height", "stride_width"), EXTENT)
CONV = {
    **WINDOW,
    **dict.fromkeys(("dilation_height", "dilation_width"), EXTENT),
    **dict.fromkeys(("padding_top", "padding_left"), (-1, 3, HUGE)),
    **dict.fromkeys(("input_zero_point", "output_zero_point"), INT8),
    **ACTIVATION,
}
POOL = {
    **WINDOW,
    **dict.fromkeys(("filter_height", "filter_width"), EXTENT),
    **dict.fromkeys(("padding_top", "padding_left"), (-1, 3, HUGE)),
    **ACTIVATION,
}
ADD = {
    "left_shift": (-1, 23, HUGE),
    **{f"{name}_zero_point": INT8 for name in ("input1", "input2", "output")},
    **{f"{name}_multiplier": MULTIPLIER for name in ("input1", "input2", "output")},
    **{f"{name}_shift": (*SHIFT, 1) for name in ("input1", "input2")},
    "output_shift": SHIFT,
    **ACTIVATION,
}
OUTPUT = {"output_multiplier": MULTIPLIER, "output_shift": SHIFT, "output_zero_point": INT8}
PARAMS = {
    "conv_2d": (1, CONV),
    "conv_2d_interleaved": (1, CONV),
    "conv_2d_paired": (1, CONV),
    "depthwise_conv_2d": (1, CONV),
    "depthwise_conv_2d_paired": (1, CONV),
    "fully_connected": (1, {"input_zero_point": INT8, "output_zero_point": INT8, **ACTIVATION}),
    "max_pool_2d": (0, POOL),
    "average_pool_2d": (0, POOL),
    "add": (0, ADD),
    "sub": (0, ADD),
    "mul": (0, {"input1_zero_point": INT8, "input2_zero_point": INT8, **OUTPUT, **ACTIVATION}),
    "sum": (0, {"axes": (4, -1, HUGE), "input_zero_point": INT8, **OUTPUT}),
    "pad": (0, {"value": INT8}),
}


@pytest.mark.parametrize("name", PARAMS)
def test_parameters_out_of_range_are_refused(name):
    position, fields = PARAMS[name]
    assert set(fields) == {field for field, kind in good()[name][position]._fields_ if kind is nn.I32}
    for field, values in fields.items():
        for value in values:
            arguments = good()[name]
            setattr(arguments[position], field, value)
            assert attempt(name, arguments) == ERROR_RANGE, (field, value)


@pytest.mark.parametrize("name", [*CONVOLUTIONS, "fully_connected"])
def test_scales_are_checked(name):
    (position,) = [n for n, argument in enumerate(good()[name]) if isinstance(argument, nn.Scales)]
    assert replaced(name, position, scales(1)) == OK
    for count in (0, -1, 2, 100):
        assert replaced(name, position, nn.Scales(count, *bad(0, 0))) == ERROR_RANGE
    for multiplier, shift in ((-1, 0), (1, -32), (1, 31)):
        assert replaced(name, position, nn.Scales(1, *bad(multiplier, shift))) == ERROR_RANGE


def bad(multiplier, shift):
    return nn.int_pointer([multiplier]), nn.int_pointer([shift])


def replaced(name, position, argument):
    arguments = good()[name]
    arguments[position] = argument
    return attempt(name, arguments)


@pytest.mark.parametrize(
    "name",
    [
        *("conv_2d", "conv_2d_interleaved", "conv_2d_paired", "depthwise_conv_2d", "depthwise_conv_2d_paired"),
        *("max_pool_2d", "average_pool_2d"),
    ],
)
def test_images_are_checked(name):
    for position, argument in enumerate(good()[name]):
        if not isinstance(argument, nn.Image):
            continue
        sizes = [getattr(argument, field) for field, _ in nn.Image._fields_]
        for axis in range(4):
            for size in EXTENT:
                wrong = [*sizes[:axis], size, *sizes[axis + 1 :]]
                assert replaced(name, position, nn.Image(*wrong)) == ERROR_DIMS
        assert replaced(name, position, nn.Image(65535, 65535, 65535, 65535)) == ERROR_DIMS
        assert replaced(name, position, nn.Image(sizes[0] + 1, *sizes[1:])) == ERROR_DIMS
        assert replaced(name, position, nn.Image(*sizes[:3], sizes[3] + 1)) == ERROR_DIMS
    output = max(n for n, argument in enumerate(good()[name]) if isinstance(argument, nn.Image))
    channels = good()[name][output].channels
    assert replaced(name, output, nn.Image(2, 4, 3, channels)) == ERROR_DIMS  # a row wholly below the image
    assert replaced(name, output, nn.Image(2, 3, 4, channels)) == ERROR_DIMS
    assert replaced(name, output, nn.Image(2, 2, 1, channels)) == OK  # less than there could be


def test_groups_have_equal_parts():
    for channels, filters in ((3, 6), (1, 6), (2, 5)):  # of an input with 4 channels
        arguments = good()["conv_2d"]
        arguments[2] = scales(1)
        arguments[5] = nn.Image(filters, 3, 3, channels)
        arguments[8] = nn.Image(2, 3, 3, filters)
        assert attempt("conv_2d", arguments) == ERROR_DIMS


def test_paired_weights_are_checked():
    stages, block = 1 + 4 + 18, 4 + 18 + 6
    last = 1 + 3 * block - 1
    for at, value in ((0, 3), (0, -1), (stages, -1), (stages + 2, 0), (stages + block + 5, 23), (last, -HUGE - 1)):
        weights = paired_weights(6, 18)
        weights[at] = value
        assert replaced("conv_2d_paired", 5, weights) == ERROR_RANGE, (at, value)


@pytest.mark.parametrize("name", ["conv_2d_interleaved", "conv_2d_paired"])
def test_scratch_of_laid_out_weights_is_checked(name):
    need = c.c_size_t()
    images = [argument for argument in good()[name] if isinstance(argument, nn.Image)]
    getter = getattr(LIBRARY, f"tfcaps_{name}_s8_get_buffer_size")
    assert getter(*(c.byref(argument) for argument in (good()[name][1], *images)), c.byref(need)) == OK
    assert replaced(name, 0, Context(ROOM.ctypes.data, need.value)) == OK
    assert replaced(name, 0, Context(ROOM.ctypes.data, need.value - 1)) == ERROR_SCRATCH
    assert replaced(name, 0, Context(ROOM.ctypes.data + 1, need.value)) == ERROR_SCRATCH
    assert replaced(name, 0, Context(None, need.value)) == ERROR_SCRATCH


def test_paired_taps_and_windows_are_checked():
    name, block = "depthwise_conv_2d_paired", 4 + 6
    for at, value in ((0, -1), (2, 0), (2, 23), (7 * block, -HUGE - 1), (7 * block + 2, -1)):
        weights = paired_taps(8, 3)
        weights[at] = value
        assert replaced(name, 5, weights) == ERROR_RANGE, (at, value)
    assert replaced(name, 0, Context(ROOM.ctypes.data, ROOM.nbytes)) == OK
    assert replaced(name, 0, Context(ROOM.ctypes.data + 2, ROOM.nbytes)) == ERROR_SCRATCH
    for field, value in (("stride_width", 3), ("dilation_width", 2)):
        arguments = good()[name]
        setattr(arguments[1], field, value)
        arguments[6] = nn.Image(2, 3, 1, 8)
        assert attempt(name, arguments) == ERROR_DIMS, field
    for taps in ((6, 3), (3, 6)):
        assert replaced(name, 4, nn.Image(1, *taps, 8)) == ERROR_DIMS
    arguments = good()[name]
    arguments[2], arguments[4], arguments[6] = nn.Image(2, 5, 5, 2), nn.Image(1, 3, 3, 8), nn.Image(2, 3, 3, 8)
    assert attempt(name, arguments) == ERROR_DIMS  # too few channels to take apart


def test_dense_dimensions_are_checked():
    for wrong in ((0, 4, 3), (2, -1, 3), (2, 4, 0), (65536, 32768, 1), (65536, 1, 32768), (1, 65536, 32768)):
        assert replaced("fully_connected", 3, nn.DenseDims(*wrong)) == ERROR_DIMS
    for wrong in ((0, 5), (2, 0), (-1, 5), (2, 4096), (2, HUGE), (HUGE, 2)):
        assert replaced("softmax", 1, nn.SoftmaxDims(*wrong)) == ERROR_DIMS


def test_exponentials_are_checked():
    for n, value in ((0, 2**30 - 1), (0, -1), (255, -1), (7, -HUGE - 1)):
        table = EXPS.copy()
        table[n] = value
        assert replaced("softmax", 0, nn.Softmax(nn.int_pointer(table))) == ERROR_RANGE


@pytest.mark.parametrize(
    "name", ["add", "sub", "mul", "maximum", "minimum", "sum", "pad", "transpose", "strided_slice"]
)
def test_shapes_are_checked(name):
    for position, argument in enumerate(good()[name]):
        if not isinstance(argument, nn.Shape):
            continue
        for wrong in ((0, 3), (2, -1), (65536, 32768)):
            assert replaced(name, position, shape(*wrong)) == ERROR_DIMS
        for rank in (-1, 7, HUGE):
            spoiled = shape(2, 3)
            spoiled.rank = rank
            assert replaced(name, position, spoiled) == ERROR_DIMS


def test_shapes_have_to_fit_each_other():
    for position, sizes in (
        (1, (2, 4)),
        (1, (3, 3)),
        (1, (1, 2, 3)),
        (3, (2,)),
        (5, (3, 3)),
        (5, (3,)),
        (5, (2, 2, 3)),
    ):
        assert replaced("add", position, shape(*sizes)) == ERROR_DIMS
    for position, sizes in ((3, (2, 3)), (3, (4,)), (3, (1, 2, 2))):
        assert replaced("strided_slice", position, shape(*sizes)) == ERROR_DIMS
    assert replaced("pad", 0, nn.Pad(nn.rank_array([HUGE, 0]), nn.rank_array([HUGE, 0]), 0)) == ERROR_DIMS
    assert replaced("pad", 0, nn.Pad(nn.rank_array([65535, 65535]), nn.rank_array([0, 0]), 0)) == ERROR_DIMS
    assert replaced("pad", 0, nn.Pad(nn.rank_array([-1, 0]), nn.rank_array([0, 0]), 0)) == ERROR_RANGE
    assert replaced("pad", 0, nn.Pad(nn.rank_array([0, 0]), nn.rank_array([0, -1]), 0)) == ERROR_RANGE
    for permutation in ((0, 0), (1, 2), (-1, 0)):
        assert replaced("transpose", 0, nn.Transpose(nn.rank_array(permutation))) == ERROR_RANGE
    for begin, stride in (((-1, 2), (1, -2)), ((2, 2), (1, -2)), ((0, 3), (1, -2)), ((0, 2), (0, -2))):
        wrong = nn.StridedSlice(nn.rank_array(begin), nn.rank_array(stride))
        assert replaced("strided_slice", 0, wrong) == ERROR_RANGE
    for begin, stride in (((0, 2), (HUGE, -2)), ((0, 2), (1, -HUGE - 1)), ((0, 1), (1, -2)), ((1, 2), (1, -2))):
        wrong = nn.StridedSlice(nn.rank_array(begin), nn.rank_array(stride))
        assert replaced("strided_slice", 0, wrong) == ERROR_DIMS


def test_sums_have_a_limit():
    big = nn.shape([2**23 + 1])
    arguments = [nn.Sum(1, 0, 0, 2**30, -20), big, zeros(1), zeros(1)]
    assert attempt("sum", arguments) == ERROR_DIMS


@pytest.mark.parametrize(("side", "status"), [(4095, OK), (4096, ERROR_DIMS)])
def test_windows_of_average_pools_have_a_limit(side, status):
    pool = nn.Pool(65535, 65535, 1, 1, 0, 0, -128, 127)  # 128 * 4096^2 is 2^31, which no int32 holds
    arguments = [pool, nn.Image(1, side, side, 1), np.full(side * side, -128, np.int8), nn.Image(1, 1, 1, 1), zeros(1)]
    assert attempt("average_pool_2d", arguments) == status
    assert arguments[-1] == (-128 if status == OK else 99)


def test_slices_taken_by_number_are_checked():
    for wrong in ((0, -1), (0, 5), (HUGE,), (-HUGE - 1,)):
        assert replaced("gather", 0, gather(*wrong)) == ERROR_RANGE
    for size in (0, -1, HUGE):
        for field in ("outer", "size", "inner"):
            assert replaced("gather", 0, gather(0, 1, **{field: size})) == ERROR_DIMS
    for count in (0, -1, HUGE):
        params = gather(0, 1)
        params.count = count
        assert replaced("gather", 0, params) == ERROR_DIMS


@pytest.mark.parametrize("name", ["concatenation", "split"])
def test_parts_are_checked(name):
    wrong = [parts(2, 0), parts(2, -1), parts(2, 3, outer=0), parts(2, 3, outer=-1), parts(HUGE, HUGE)]
    wrong += [parts(2, 3, outer=HUGE), nn.Parts(1, 0, nn.int_pointer([1])), nn.Parts(1, -1, nn.int_pointer([1]))]
    for dims in wrong:
        assert replaced(name, 0, dims) == ERROR_DIMS
    holes = (c.c_void_p * 2)(zeros(10).ctypes.data, None)
    assert replaced(name, 1 if name == "concatenation" else 2, holes) == ERROR_NULL


def test_sizes_of_lookups_are_checked():
    assert {replaced("lookup", 1, size) for size in (-1, -HUGE - 1)} == {ERROR_DIMS}


@pytest.mark.parametrize("name", ["conv_2d", "depthwise_conv_2d"])
def test_scratch_sizes_of_convolutions(name):
    arguments = good()[name]
    getter = getattr(LIBRARY, f"tfcaps_{name}_s8_get_buffer_size")
    dims = [arguments[n] for n in (1, 3, 5, 8)]
    size = c.c_size_t(9)
    assert getter(*map(c.byref, dims), c.byref(size)) == OK
    assert size.value == 0
    for hole in range(5):
        passed = [*map(c.byref, dims), c.byref(size)]
        passed[hole] = None
        assert getter(*passed) == ERROR_NULL
    dims[1] = nn.Image(2, 5, 5, 5)
    assert getter(*map(c.byref, dims), c.byref(size)) == ERROR_DIMS


def test_scratch_size_of_dense_layers():
    getter = LIBRARY.tfcaps_fully_connected_s8_get_buffer_size
    size = c.c_size_t(9)
    assert getter(c.byref(nn.DenseDims(2, 4, 3)), c.byref(size)) == OK
    assert size.value == 0
    assert getter(None, c.byref(size)) == ERROR_NULL
    assert getter(c.byref(nn.DenseDims(2, 4, 3)), None) == ERROR_NULL
    assert getter(c.byref(nn.DenseDims(2, 0, 3)), c.byref(size)) == ERROR_DIMS

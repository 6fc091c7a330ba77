"""The C kernels of builtin operators through ctypes: `run` executes one-operator models with them."""

import ctypes as c

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from kernels import I32, LIBRARY, OK, Context, pointer, struct

from tfcaps.quantization.simulator.ops import TABLES, OpCall, mean, softmax, strided_slice
from tfcaps.quantization.simulator.tflite_rounding import quantize_multiplier
from tfcaps.runtime.tflite_file import read_tflite

INTS = c.POINTER(I32)
RANK = I32 * 6


def ints(name, *fields):
    return struct(name, *[(field, I32) for field in fields])


Shape = struct("Shape", ("rank", I32), ("size", RANK))
Image = ints("Image", "batches", "height", "width", "channels")
Scales = struct("Scales", ("count", I32), ("multiplier", INTS), ("shift", INTS))
LIMITS = ("activation_min", "activation_max")
WINDOW = ("stride_height", "stride_width", "dilation_height", "dilation_width", "padding_top", "padding_left")
Conv = ints("Conv", *WINDOW, "input_zero_point", "output_zero_point", *LIMITS)
Dense = ints("Dense", "input_zero_point", "output_zero_point", *LIMITS)
DenseDims = ints("DenseDims", "rows", "depth", "units")
POOL = ("filter_height", "filter_width", "stride_height", "stride_width", "padding_top", "padding_left")
Pool = ints("Pool", *POOL, *LIMITS)
PARTS = ("zero_point", "multiplier", "shift")
TERMS = [f"{tensor}_{part}" for tensor in ("input1", "input2", "output") for part in PARTS]
Add = ints("Add", "left_shift", *TERMS, *LIMITS)
FACTORS = ("input1_zero_point", "input2_zero_point", "output_zero_point", "output_multiplier", "output_shift")
Mul = ints("Mul", *FACTORS, *LIMITS)
Softmax = struct("Softmax", ("exp_table", INTS))
SoftmaxDims = ints("SoftmaxDims", "rows", "depth")
Sum = ints("Sum", "axes", "input_zero_point", "output_zero_point", "output_multiplier", "output_shift")
Pad = struct("Pad", ("before", RANK), ("after", RANK), ("value", I32))
Transpose = struct("Transpose", ("permutation", RANK))
StridedSlice = struct("StridedSlice", ("begin", RANK), ("stride", RANK))
Gather = struct("Gather", *[(field, I32) for field in ("outer", "size", "inner", "count")], ("indices", INTS))
Parts = struct("Parts", ("outer", I32), ("count", I32), ("sizes", INTS))


def int_pointer(values):
    """A pointer to int32 values, which ctypes keeps as long as it or a structure that holds it."""
    values = np.atleast_1d(values)
    return c.cast((I32 * values.size)(*map(int, values)), INTS)


def rank_array(values):
    return RANK(*map(int, values))


def shape(sizes):
    return Shape(len(sizes), rank_array(sizes))


def scales(real):
    multiplier, shift = quantize_multiplier(np.atleast_1d(real))
    return Scales(multiplier.size, int_pointer(multiplier), int_pointer(shift))


def status(function, *arguments):
    """Calls; structures go by reference, arrays as pointers."""
    passed = [
        c.byref(a) if isinstance(a, c.Structure) else pointer(a) if isinstance(a, np.ndarray) else a for a in arguments
    ]
    return getattr(LIBRARY, f"tfcaps_{function}_s8")(*passed)


def call(function, *arguments):
    assert status(function, *arguments) == OK


NO_SCRATCH = Context(None, 0)


def limits(activation, y):
    low, high = {0: (None, None), 1: (0, None), 3: (0, 6), 2: (-1, 1)}[activation]

    def at(real):
        return int(np.trunc(np.float32(real) / np.float32(y.scale) + np.copysign(0.5, real))) + y.zero_point

    return -128 if low is None else max(-128, at(low)), 127 if high is None else min(127, at(high))


def paddings(options, image, taps, dilation=(1, 1)):
    if options.Padding() == schema.Padding.VALID:
        return 0, 0
    found = []
    for length, size, step, stride in zip(image, taps, dilation, (options.StrideH(), options.StrideW()), strict=True):
        found.append(max(0, (-(-length // stride) - 1) * stride + (size - 1) * step + 1 - length) // 2)
    return found


def conv_arguments(op, x, kernel, y):
    """(params, scales) of a convolution."""
    options = op.options
    dilation = options.DilationHFactor(), options.DilationWFactor()
    padding = paddings(options, x.shape[1:3], kernel.shape[1:3], dilation)
    window = (options.StrideH(), options.StrideW(), *dilation, *padding)
    params = Conv(*window, x.zero_point, y.zero_point, *limits(options.FusedActivationFunction(), y))
    return params, scales(np.float64(x.scale) * kernel.scales.astype(np.float64) / y.scale)


def convolution(op, tensors, values, out):
    x, kernel, *_ = tensors
    y = out[0][0]
    bias = values[2] if len(values) > 2 else None
    params, scale = conv_arguments(op, x, kernel, y)
    images = [Image(*tensor.shape) for tensor in (x, kernel, y)]
    data = images[0], values[0], images[1], values[1], bias, images[2], out[0][1]
    call(op.name.lower(), NO_SCRATCH, params, scale, *data)


def fully_connected(op, tensors, values, out):
    x, kernel, *_ = tensors
    y = out[0][0]
    product = np.float64(x.scale) * kernel.scales.astype(np.float64)
    units, depth = kernel.shape
    params = Dense(x.zero_point, y.zero_point, *limits(op.options.FusedActivationFunction(), y))
    dims = DenseDims(values[0].size // depth, depth, units)
    bias = values[2] if len(values) > 2 else None
    call("fully_connected", NO_SCRATCH, params, scales(product / y.scale), dims, values[0], values[1], bias, out[0][1])


def pool(op, tensors, values, out):
    x, y, options = tensors[0], out[0][0], op.options
    taps = options.FilterHeight(), options.FilterWidth()
    padding = paddings(options, x.shape[1:3], taps)
    window = (*taps, options.StrideH(), options.StrideW(), *padding)
    params = Pool(*window, *limits(options.FusedActivationFunction(), y))
    call(op.name.lower(), params, Image(*x.shape), values[0], Image(*y.shape), out[0][1])


def add_params(x1, x2, y, activation):
    twice = 2 * np.float64(max(x1.scale, x2.scale))
    terms = []
    for tensor, real in ((x1, x1.scale / twice), (x2, x2.scale / twice), (y, twice / (2.0**20 * y.scale))):
        terms += [tensor.zero_point, *map(int, quantize_multiplier(real))]
    return Add(20, *terms, *limits(activation, y))


def binary(op, tensors, values, out):
    x1, x2, y = *tensors, out[0][0]
    data = shape(x1.shape), values[0], shape(x2.shape), values[1], shape(y.shape), out[0][1]
    if op.name in ("MAXIMUM", "MINIMUM"):
        return call(op.name.lower(), *data)
    if op.name == "MUL":
        real = np.float64(x1.scale) * np.float64(x2.scale) / np.float64(y.scale)
        scale = map(int, quantize_multiplier(real))
        zero_points = [tensor.zero_point for tensor in (x1, x2, y)]
        params = Mul(*zero_points, *scale, *limits(op.options.FusedActivationFunction(), y))
    else:
        params = add_params(x1, x2, y, op.options.FusedActivationFunction())
    return call(op.name.lower(), params, *data)


def lookup(op, tensors, values, out):
    table = TABLES[op.name](op, tensors[0], out[0][0])
    call("lookup", table, values[0].size, values[0], out[0][1])


def softmax_(op, tensors, values, out):
    table = int_pointer(softmax.exp_table(tensors[0].scale, op.options.Beta()))
    depth = tensors[0].shape[-1]
    call("softmax", Softmax(table), SoftmaxDims(values[0].size // depth, depth), values[0], out[0][1])


def sum_(op, tensors, values, out):
    x, y = tensors[0], out[0][0]
    axes = {int(axis) % len(x.shape) for axis in values[1].reshape(-1)}
    count = int(np.prod([x.shape[axis] for axis in axes])) if op.name == "MEAN" else 1
    scale = mean.sum_multiplier(x.scale, y.scale, count)
    params = Sum(sum(1 << axis for axis in axes), x.zero_point, y.zero_point, *scale)
    call("sum", params, shape(x.shape), values[0], out[0][1])


def pad(op, tensors, values, out):
    value = int(values[2].reshape(())) if len(values) > 2 else tensors[0].zero_point
    params = Pad(rank_array(values[1][:, 0]), rank_array(values[1][:, 1]), value)
    call("pad", params, shape(tensors[0].shape), values[0], out[0][1])


def transpose(op, tensors, values, out):
    call("transpose", Transpose(rank_array(values[1])), shape(tensors[0].shape), values[0], out[0][1])


def strided_slice_(op, tensors, values, out):
    resolved = strided_slice.resolve(OpCall(op, values, tensors, [tensor for tensor, _ in out], 1))
    params = StridedSlice(rank_array([s.begin for s in resolved]), rank_array([s.stride for s in resolved]))
    sizes = shape([s.size for s in resolved])
    call("strided_slice", params, shape(tensors[0].shape), values[0], sizes, out[0][1])


def gather(op, tensors, values, out):
    shape, axis = tensors[0].shape, op.options.Axis() % len(tensors[0].shape)
    sizes = np.prod(shape[:axis]), shape[axis], np.prod(shape[axis + 1 :])
    call("gather", Gather(*map(int, sizes), values[1].size, int_pointer(values[1].ravel())), values[0], out[0][1])


def parts_dims(whole, axis, shapes):
    outer = int(np.prod(whole[:axis]))
    return Parts(outer, len(shapes), int_pointer([int(np.prod(part[axis:])) for part in shapes]))


def pointers(arrays):
    return (c.c_void_p * len(arrays))(*[array.ctypes.data for array in arrays])


def concatenation(op, tensors, values, out):
    axis = op.options.Axis() % len(out[0][0].shape)
    dims = parts_dims(out[0][0].shape, axis, [tensor.shape for tensor in tensors])
    call("concatenation", dims, pointers(values), out[0][1])


def split(op, tensors, values, out):
    value, where = (1, 0) if op.name == "SPLIT" else (0, 2)
    axis = int(values[where].reshape(())) % len(tensors[value].shape)
    dims = parts_dims(tensors[value].shape, axis, [tensor.shape for tensor, _ in out])
    call("split", dims, values[value], pointers([array for _, array in out]))


RUNNERS = {
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D"), convolution),
    "FULLY_CONNECTED": fully_connected,
    **dict.fromkeys(("MAX_POOL_2D", "AVERAGE_POOL_2D"), pool),
    **dict.fromkeys(("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM"), binary),
    **dict.fromkeys(("LOGISTIC", "TANH", "HARD_SWISH", "LEAKY_RELU", "RELU", "RELU6", "QUANTIZE"), lookup),
    "SOFTMAX": softmax_,
    **dict.fromkeys(("MEAN", "SUM"), sum_),
    **dict.fromkeys(("PAD", "PADV2"), pad),
    "TRANSPOSE": transpose,
    "STRIDED_SLICE": strided_slice_,
    "GATHER": gather,
    "CONCATENATION": concatenation,
    **dict.fromkeys(("SPLIT", "SPLIT_V"), split),
}


def load(model, inputs):
    """(file, operator, input tensors, their values, [(output tensor, its array)]) of a model of one operator."""
    file = read_tflite(model)
    (op,) = file.operators
    given = dict(zip(file.inputs, (np.ascontiguousarray(inputs[info.name]) for info in file.input_infos), strict=True))
    values = [given[index] if index in given else np.ascontiguousarray(file.tensors[index].data) for index in op.inputs]
    out = [(file.tensors[index], np.full(file.tensors[index].shape, 99, np.int8)) for index in op.outputs]
    return file, op, [file.tensors[index] for index in op.inputs], values, out


def run(model, inputs):
    """The outputs by name, for a batch of one; inputs by name too."""
    file, op, tensors, values, out = load(model, inputs)
    RUNNERS[op.name](op, tensors, values, out)
    arrays = {index: array for index, (_, array) in zip(op.outputs, out, strict=True)}
    return {info.name: arrays[index] for index, info in zip(file.outputs, file.output_infos, strict=True)}

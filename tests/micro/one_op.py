"""Random models of one builtin operator each: `MAKERS[name](rng)` gives a `TinyModel`."""

import numpy as np
from tiny_models import TinyModel, schema

KINDS = schema.ActivationFunctionType
ACTIVATIONS = [KINDS.NONE, KINDS.RELU, KINDS.RELU6]
BOTH = (schema.Padding.SAME, schema.Padding.VALID)


def scale(rng, low=0.01, high=0.1):
    return float(rng.uniform(low, high))


def zero(rng):
    return int(rng.choice([-128, 127, 0, rng.integers(-128, 128)]))


def quantised(rng):
    return scale(rng), zero(rng)


def sizes(rng, count, most=6):
    return [int(n) for n in rng.integers(1, most + 1, count)]


def int8(rng, shape):
    return rng.integers(-128, 128, shape).astype(np.int8)


def ints(values):
    return np.array(values, np.int32)


def window(rng, options, taps, image, dilation=(1, 1)):
    """Random strides and padding; the output's height and width."""
    options.strideH, options.strideW = sizes(rng, 2, 3)
    options.padding = int(rng.choice(BOTH))
    options.fusedActivationFunction = int(rng.choice(ACTIVATIONS))
    extent = [(t - 1) * d + 1 for t, d in zip(taps, dilation, strict=True)]
    if any(e > n for e, n in zip(extent, image, strict=True)):
        options.padding = schema.Padding.SAME
    room = image if options.padding == schema.Padding.SAME else [n - e + 1 for n, e in zip(image, extent, strict=True)]
    return [-(-n // s) for n, s in zip(room, (options.strideH, options.strideW), strict=True)]


def bias(rng, tiny, inputs, channels, real=0.001):
    if rng.integers(0, 4):
        inputs.append(tiny.constant(rng.integers(-9000, 9000, channels).astype(np.int32), real))
    return inputs


def weight_scales(rng, channels):
    return rng.uniform(0.001, 0.02, channels)


def conv_2d(rng, groups=None):
    tiny, options = TinyModel(), schema.Conv2DOptionsT()
    groups = int(rng.choice([1, 1, 2, 3])) if groups is None else groups
    depth, image, taps = int(rng.integers(1, 20)), sizes(rng, 2, 9), sizes(rng, 2, 4)
    filters = groups * int(rng.integers(1, 8))
    options.dilationHFactor, options.dilationWFactor = dilation = sizes(rng, 2, 2)
    room = window(rng, options, taps, image, dilation)
    x = tiny.input([1, *image, depth * groups], *quantised(rng))
    kernel = tiny.constant(int8(rng, (filters, *taps, depth)), weight_scales(rng, filters))
    y = tiny.tensor([1, *room, filters], scale(rng, 0.05, 0.4), zero(rng))
    tiny.output(tiny.op("CONV_2D", bias(rng, tiny, [x, kernel], filters), [y], options))
    return tiny


def depthwise_conv_2d(rng):
    tiny, options = TinyModel(), schema.DepthwiseConv2DOptionsT()
    channels, image, taps = int(rng.integers(1, 24)), sizes(rng, 2, 9), sizes(rng, 2, 4)
    options.depthMultiplier = int(rng.choice([1, 1, 2, 3, 5]))
    options.dilationHFactor, options.dilationWFactor = dilation = sizes(rng, 2, 2)
    room = window(rng, options, taps, image, dilation)
    outputs = channels * options.depthMultiplier
    x = tiny.input([1, *image, channels], *quantised(rng))
    kernel = tiny.constant(int8(rng, (1, *taps, outputs)), weight_scales(rng, outputs), axis=3)
    y = tiny.tensor([1, *room, outputs], scale(rng, 0.02, 0.2), zero(rng))
    tiny.output(tiny.op("DEPTHWISE_CONV_2D", bias(rng, tiny, [x, kernel], outputs), [y], options))
    return tiny


def fully_connected(rng):
    tiny = TinyModel()
    depth, units = sizes(rng, 2, 50)
    source = quantised(rng)
    x = tiny.input([1, depth], *source)
    scales = weight_scales(rng, units if rng.integers(0, 2) else 1)
    inputs = [x, tiny.constant(int8(rng, (units, depth)), scales)]
    bias(rng, tiny, inputs, units, source[0] * scales[0])
    options = schema.FullyConnectedOptionsT(fusedActivationFunction=int(rng.choice(ACTIVATIONS)))
    tiny.output(tiny.op("FULLY_CONNECTED", inputs, [tiny.tensor([1, units], *quantised(rng))], options))
    return tiny


def pool(name):
    def make(rng):
        tiny, options = TinyModel(), schema.Pool2DOptionsT()
        shared, image, channels = quantised(rng), sizes(rng, 2, 10), int(rng.integers(1, 40))
        options.filterHeight, options.filterWidth = taps = sizes(rng, 2, 5)
        x = tiny.input([1, *image, channels], *shared)
        y = tiny.tensor([1, *window(rng, options, taps, image), channels], *shared)
        tiny.output(tiny.op(name, [x], [y], options))
        return tiny

    return make


def broadcast(rng):
    """Two shapes and what they make; now and then one of less dimensions."""
    shape = [1, *sizes(rng, int(rng.integers(1, 4)), 7)]
    other = [1 if rng.integers(0, 3) == 0 else n for n in shape]
    shapes = [shape, other]
    shapes[rng.integers(0, 2)] = [1 if a == b and rng.integers(0, 5) == 0 else a for a, b in zip(*shapes, strict=True)]
    shapes = shapes[:: int(rng.choice([1, -1]))]
    return [*shapes, [max(pair) for pair in zip(*shapes, strict=True)]]


def binary(name):
    def make(rng):
        tiny, (a, b, both) = TinyModel(), broadcast(rng)
        options = getattr(schema, f"{name.capitalize()}OptionsT")(fusedActivationFunction=int(rng.choice(ACTIVATIONS)))
        x = tiny.input(a, scale(rng, 0.001), zero(rng), name="a")
        y = tiny.input(b, scale(rng, 0.001), zero(rng), name="b")
        tiny.output(tiny.op(name, [x, y], [tiny.tensor(both, scale(rng, 0.001), zero(rng))], options))
        return tiny

    return make


def extremum(name):
    def make(rng):
        tiny, (a, b, both) = TinyModel(), broadcast(rng)
        shared = quantised(rng)
        x, y = (tiny.input(s, *shared, name=n) for n, s in (("a", a), ("b", b)))
        tiny.output(tiny.op(name, [x, y], [tiny.tensor(both, *shared)], schema.MaximumMinimumOptionsT()))
        return tiny

    return make


def lookup(name, output=None, options=None):
    def make(rng):
        tiny = TinyModel()
        source = float(2.0 ** rng.uniform(-12, 3)), zero(rng)
        target = output or (source if name == "RELU6" else (float(source[0] * 2.0 ** rng.uniform(-3, 6)), zero(rng)))
        x = tiny.input([1, 16, 16], *source)
        tiny.output(tiny.op(name, [x], [tiny.tensor([1, 16, 16], *target)], options and options(rng)))
        return tiny

    return make


def softmax(rng):
    tiny = TinyModel()
    shape = [1, *sizes(rng, int(rng.integers(0, 3)), 4), int(rng.integers(1, 300))]
    x = tiny.input(shape, float(2.0 ** rng.uniform(-9, 1)), zero(rng))
    options = schema.SoftmaxOptionsT(beta=float(rng.choice([1, 1, 0.5, 3])))
    tiny.output(tiny.op("SOFTMAX", [x], [tiny.tensor(shape, 1 / 256, -128)], options))
    return tiny


def reduction(name):
    def make(rng):
        tiny = TinyModel()
        shape = [1, *sizes(rng, int(rng.integers(1, 5)), 7)]
        if rng.integers(0, 3) == 0:
            shape[-1] += 30
        axes = sorted(rng.choice(np.arange(1, len(shape)), rng.integers(1, len(shape)), replace=False))
        keep = bool(rng.integers(0, 2))
        left = [1 if n in axes else size for n, size in enumerate(shape) if keep or n not in axes]
        signs = [int(axis) - (len(shape) if rng.integers(0, 2) else 0) for axis in axes]
        x = tiny.input(shape, *quantised(rng))
        y = tiny.tensor(left, scale(rng, 0.01, 0.3 if name == "MEAN" else 3), zero(rng))
        tiny.output(tiny.op(name, [x, tiny.constant(ints(signs))], [y], schema.ReducerOptionsT(keepDims=keep)))
        return tiny

    return make


def pad(name):
    def make(rng):
        tiny, shared = TinyModel(), quantised(rng)
        shape = [1, *sizes(rng, int(rng.integers(0, 4)))]
        widths = rng.integers(0, 4, (len(shape), 2)).astype(np.int32)
        widths[0] = 0
        x = tiny.input(shape, *shared)
        inputs = [x, tiny.constant(widths)]
        if name == "PADV2":
            inputs.append(tiny.constant(int8(rng, (1,)), *shared))
        padded = [size + int(sum(pair)) for size, pair in zip(shape, widths, strict=True)]
        options = getattr(schema, {"PAD": "PadOptionsT", "PADV2": "PadV2OptionsT"}[name])()
        tiny.output(tiny.op(name, inputs, [tiny.tensor(padded, *shared)], options))
        return tiny

    return make


def transpose(rng):
    tiny, shared = TinyModel(), quantised(rng)
    shape = [1, *sizes(rng, int(rng.integers(1, 5)))]
    permutation = [0, *(int(n) + 1 for n in rng.permutation(len(shape) - 1))]
    x = tiny.input(shape, *shared)
    y = tiny.tensor([shape[n] for n in permutation], *shared)
    tiny.output(tiny.op("TRANSPOSE", [x, tiny.constant(ints(permutation))], [y], schema.TransposeOptionsT()))
    return tiny


def concatenation(rng):
    tiny, shared = TinyModel(), quantised(rng)
    shape = [1, *sizes(rng, int(rng.integers(1, 4)))]
    axis = int(rng.integers(1, len(shape)))
    inputs, total = [], 0
    for n in range(rng.integers(1, 5)):
        part = [*shape[:axis], int(rng.integers(1, 6)), *shape[axis + 1 :]]
        total += part[axis]
        constant = n and rng.integers(0, 4) == 0
        inputs.append(tiny.constant(int8(rng, part), *shared) if constant else tiny.input(part, *shared, name=f"x{n}"))
    options = schema.ConcatenationOptionsT(axis=axis - (len(shape) if rng.integers(0, 2) else 0))
    y = tiny.tensor([*shape[:axis], total, *shape[axis + 1 :]], *shared)
    tiny.output(tiny.op("CONCATENATION", inputs, [y], options))
    return tiny


def split(name):
    def make(rng):
        tiny, shared = TinyModel(), quantised(rng)
        shape = [1, *sizes(rng, int(rng.integers(1, 4)))]
        axis = int(rng.integers(1, len(shape)))
        count = int(rng.integers(1, 5))
        lengths = sizes(rng, 1) * count if name == "SPLIT" else sizes(rng, count)
        shape[axis] = sum(lengths)
        x, where = tiny.input(shape, *shared), tiny.constant(ints(axis))
        outputs = [tiny.tensor([*shape[:axis], n, *shape[axis + 1 :]], *shared) for n in lengths]
        if name == "SPLIT":
            inputs, options = [where, x], schema.SplitOptionsT(numSplits=count)
        else:
            inputs, options = [x, tiny.constant(ints(lengths)), where], schema.SplitVOptionsT(numSplits=count)
        tiny.op(name, inputs, outputs, options)
        for y in outputs:
            tiny.output(y)
        return tiny

    return make


def strided_slice(rng):
    tiny, shared = TinyModel(), quantised(rng)
    shape = [1, *sizes(rng, int(rng.integers(1, 4)), 8)]
    begins, ends, strides, left, options = [0], [1], [1], [1], schema.StridedSliceOptionsT()
    for n, size in enumerate(shape[1:], 1):
        stride, begin = int(rng.choice([1, 1, 2, 3, -1, -2])), int(rng.integers(0, size))
        end = int(rng.integers(begin + 1, size + 2)) if stride > 0 else int(rng.integers(-1, begin))
        if stride < 0 and end < 0:
            options.endMask |= 1 << n
        if stride > 0 and rng.integers(0, 4) == 0:
            options.shrinkAxisMask |= 1 << n
        elif rng.integers(0, 4) == 0:
            options.beginMask |= 1 << n
            begin = 0 if stride > 0 else size - 1
        if not options.shrinkAxisMask >> n & 1:
            left.append(len(range(begin, min(end, size), stride)))
        begins.append(begin - (size if rng.integers(0, 2) else 0))
        ends.append(end)
        strides.append(stride)
    x = tiny.input(shape, *shared)
    inputs = [x, *(tiny.constant(ints(values)) for values in (begins, ends, strides))]
    tiny.output(tiny.op("STRIDED_SLICE", inputs, [tiny.tensor(left, *shared)], options))
    return tiny


def gather(rng):
    tiny, shared = TinyModel(), quantised(rng)
    shape = [1, *sizes(rng, int(rng.integers(1, 4)), 8)]
    axis = int(rng.integers(1, len(shape)))
    chosen = rng.integers(0, shape[axis], sizes(rng, int(rng.integers(1, 3))))
    if rng.integers(0, 2):  # as input capsules are chosen: each at most once, in their order
        chosen = np.flatnonzero(rng.random(shape[axis]) < 0.7) if shape[axis] > 3 else np.arange(shape[axis])
        chosen = chosen if chosen.size else np.zeros(1, int)
    options = schema.GatherOptionsT(axis=axis - (len(shape) if rng.integers(0, 2) else 0))
    x, y = tiny.input(shape, *shared), tiny.tensor([*shape[:axis], *chosen.shape, *shape[axis + 1 :]], *shared)
    tiny.output(tiny.op("GATHER", [x, tiny.constant(ints(chosen))], [y], options))
    return tiny


MAKERS = {
    "CONV_2D": conv_2d,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d,
    "FULLY_CONNECTED": fully_connected,
    **{name: pool(name) for name in ("MAX_POOL_2D", "AVERAGE_POOL_2D")},
    **{name: binary(name) for name in ("ADD", "SUB", "MUL")},
    **{name: extremum(name) for name in ("MAXIMUM", "MINIMUM")},
    "LOGISTIC": lookup("LOGISTIC", (1 / 256, -128)),
    "TANH": lookup("TANH", (1 / 128, 0)),
    "HARD_SWISH": lookup("HARD_SWISH", options=lambda rng: schema.HardSwishOptionsT()),
    "LEAKY_RELU": lookup("LEAKY_RELU", options=lambda rng: schema.LeakyReluOptionsT(alpha=float(rng.uniform(0, 1.5)))),
    "RELU": lookup("RELU"),
    "RELU6": lookup("RELU6"),
    "QUANTIZE": lookup("QUANTIZE", options=lambda rng: schema.QuantizeOptionsT()),
    "SOFTMAX": softmax,
    **{name: reduction(name) for name in ("MEAN", "SUM")},
    **{name: pad(name) for name in ("PAD", "PADV2")},
    "TRANSPOSE": transpose,
    "CONCATENATION": concatenation,
    **{name: split(name) for name in ("SPLIT", "SPLIT_V")},
    "STRIDED_SLICE": strided_slice,
    "GATHER": gather,
}


def random_inputs(rng, infos, batch=1):
    """Values for every input by name; lookups see all 256."""
    found = {}
    for info in infos:
        found[info.name] = int8(rng, (batch, *info.shape[1:]))
        if info.shape == (1, 16, 16):
            found[info.name][:] = np.arange(-128, 128, dtype=np.int8).reshape(16, 16)
        elif rng.integers(0, 4) == 0:
            found[info.name][:] = rng.choice(np.array([-128, 127], np.int8), found[info.name].shape)
    return found

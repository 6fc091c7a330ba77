"""Random networks of many operators: what the memory planner has to get right, and a runtime can check."""

import numpy as np
from one_op import bias, int8, ints, scale, sizes, weight_scales, window, zero
from tiny_models import TinyModel, schema

NONE = schema.ActivationFunctionType.NONE


def fresh(rng, tiny, shape):
    return tiny.tensor(shape, scale(rng, 0.05, 0.3), zero(rng))


def like(tiny, x, shape=None):
    quantization = tiny.graph.tensors[x].quantization
    return tiny.tensor(shape or tiny.shape(x), float(quantization.scale[0]), int(quantization.zeroPoint[0]))


def convolve(rng, tiny, x, depthwise=False):
    _, *image, channels = tiny.shape(x)
    options = schema.DepthwiseConv2DOptionsT() if depthwise else schema.Conv2DOptionsT()
    taps = sizes(rng, 2, 5)
    options.dilationHFactor = options.dilationWFactor = 1
    room = window(rng, options, taps, image)
    filters = channels * int(rng.integers(1, 3)) if depthwise else int(rng.choice([1, 3, 8, 20]))
    kernel_shape = (1, *taps, filters) if depthwise else (filters, *taps, channels)
    if depthwise:
        options.depthMultiplier = filters // channels
    kernel = tiny.constant(int8(rng, kernel_shape), weight_scales(rng, filters), axis=3 if depthwise else 0)
    y = fresh(rng, tiny, [1, *room, filters])
    name = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
    return tiny.op(name, bias(rng, tiny, [x, kernel], filters), [y], options)


def pool(rng, tiny, x):
    _, *image, channels = tiny.shape(x)
    options = schema.Pool2DOptionsT()
    options.filterHeight, options.filterWidth = taps = sizes(rng, 2, 4)
    y = like(tiny, x, [1, *window(rng, options, taps, image), channels])
    options.fusedActivationFunction = NONE
    return tiny.op(str(rng.choice(["MAX_POOL_2D", "AVERAGE_POOL_2D"])), [x], [y], options)


def relu(rng, tiny, x):
    return tiny.op("RELU", [x], [fresh(rng, tiny, tiny.shape(x))])


def pad(rng, tiny, x):
    widths = np.array([[0, 0], sizes(rng, 2, 2), sizes(rng, 2, 2), [0, 0]], np.int32)
    shape = [n + int(sum(w)) for n, w in zip(tiny.shape(x), widths, strict=True)]
    return tiny.op("PAD", [x, tiny.constant(widths)], [like(tiny, x, shape)], schema.PadOptionsT())


def reshape_twice(rng, tiny, x):
    shape = tiny.shape(x)
    flat = like(tiny, x, [1, int(np.prod(shape))])
    tiny.op("RESHAPE", [x, tiny.constant(ints(tiny.shape(flat)))], [flat], schema.ReshapeOptionsT())
    return tiny.op("RESHAPE", [flat, tiny.constant(ints(shape))], [like(tiny, x)], schema.ReshapeOptionsT())


def add(rng, tiny, x, y):
    options = schema.AddOptionsT(fusedActivationFunction=NONE)
    return tiny.op("ADD", [x, y], [fresh(rng, tiny, tiny.shape(x))], options)


def concatenate(rng, tiny, x, y):
    axis = int(rng.integers(1, 4))
    shape = tiny.shape(x)
    shape[axis] *= 2
    same = tiny.op("QUANTIZE", [y], [like(tiny, x)], schema.QuantizeOptionsT())
    return tiny.op("CONCATENATION", [x, same], [like(tiny, x, shape)], schema.ConcatenationOptionsT(axis=axis))


def split(rng, tiny, x):
    shape = tiny.shape(x)
    axis = next((n for n in (1, 2, 3) if shape[n] % 2 == 0), None)
    if axis is None:
        return x
    shape[axis] //= 2
    halves = [like(tiny, x, shape), like(tiny, x, shape)]
    tiny.op("SPLIT", [tiny.constant(ints(axis)), x], halves, schema.SplitOptionsT(numSplits=2))
    return add(rng, tiny, *halves)


UNARY = (convolve, convolve, lambda *a: convolve(*a, True), pool, pool, relu, pad, reshape_twice, split)


def random_network(seed):
    """A graph of 4 to 10 steps on an image, with branches that join again, one to three outputs."""
    rng = np.random.default_rng(seed)
    tiny = TinyModel()
    shape = [1, *(int(n) for n in rng.integers(8, 15, 2)), int(rng.choice([1, 3, 4]))]
    made = [tiny.input(shape, scale(rng), zero(rng))]
    for _ in range(rng.integers(4, 11)):
        x = made[-1] if rng.integers(0, 4) else made[rng.integers(0, len(made))]
        twins = [y for y in made if y != x and tiny.shape(y) == tiny.shape(x)]
        if int(np.prod(tiny.shape(x))) > 4000:
            step = pool
        elif twins and rng.integers(0, 2):
            join = add if rng.integers(0, 2) else concatenate
            made.append(join(rng, tiny, x, twins[rng.integers(0, len(twins))]))
            continue
        else:
            step = UNARY[rng.integers(0, len(UNARY))]
        y = step(rng, tiny, x)
        if y not in made:
            made.append(y)
    ends = {made[-1], *(int(n) for n in rng.choice(made[1:] or made, int(rng.integers(0, 3))))}
    for y in sorted(ends):
        tiny.output(y)
    return tiny.to_bytes()

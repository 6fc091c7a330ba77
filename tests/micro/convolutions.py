"""Random convolutions, of one group and depthwise, as models, for the layouts of their weights."""

import numpy as np
from one_op import bias, quantised, scale, sizes, weight_scales, window, zero
from tiny_models import TinyModel, schema

FILTERS = (3, 4, 6, 7, 8, 11, 12, 20, 70, 130)


def convolution(rng, *, depth=None, taps=None, filters=None, image=None, weights=None, spread=None, real=None):
    """One convolution of any shape that is not given.

    Args:
        weights: All of this magnitude, signs at random; anything of -127 ... 127 if left out.
        spread: Weights of a Laplace distribution of this scale instead, as training gives them.
        real: Scale of all filters.
    """
    tiny, options = TinyModel(), schema.Conv2DOptionsT()
    depth = depth or int(rng.integers(1, 20))
    taps, image = taps or sizes(rng, 2, 4), image or sizes(rng, 2, 9)
    filters = filters or int(rng.choice(FILTERS))
    options.dilationHFactor, options.dilationWFactor = dilation = sizes(rng, 2, 2)
    room = window(rng, options, taps, image, dilation)
    x = tiny.input([1, *image, depth], *quantised(rng))
    values = rng.integers(-127, 128, (filters, *taps, depth)).astype(np.int8)
    if weights is not None:
        values = (np.sign(values.astype(int) + 0.5) * weights).astype(np.int8)
    if spread is not None:
        values = np.clip(np.rint(rng.laplace(0, spread, values.shape)), -127, 127).astype(np.int8)
    scales = weight_scales(rng, filters) if real is None else np.full(filters, real)
    y = tiny.tensor([1, *room, filters], scale(rng, 0.05, 0.4), zero(rng))
    tiny.output(tiny.op("CONV_2D", bias(rng, tiny, [x, tiny.constant(values, scales)], filters), [y], options))
    return tiny


def depthwise(rng, *, channels=None, multiplier=None, taps=None, image=None, stride=None, dilation=1, real=None):
    """One depthwise convolution of any shape that is not given, 5 x 5 at most.

    Args:
        stride: Along height and width.
        dilation: Along the height.
        real: Scale of all filters.
    """
    tiny, options = TinyModel(), schema.DepthwiseConv2DOptionsT()
    channels, multiplier = channels or int(rng.integers(4, 20)), multiplier or int(rng.choice([1, 1, 1, 2, 3]))
    taps, image = taps or sizes(rng, 2, 5), image or sizes(rng, 2, 23)
    options.depthMultiplier, options.dilationHFactor, options.dilationWFactor = multiplier, dilation, 1
    window(rng, options, taps, image, (dilation, 1))
    options.strideH, options.strideW = stride or [int(n) for n in rng.integers(1, 3, 2)]
    whole = image if options.padding == schema.Padding.SAME else room_of(image, taps, dilation)
    room = [-(-n // s) for n, s in zip(whole, (options.strideH, options.strideW), strict=True)]
    filters = channels * multiplier
    x = tiny.input([1, *image, channels], *quantised(rng))
    values = rng.integers(-128, 128, (1, *taps, filters)).astype(np.int8)
    scales = weight_scales(rng, filters) if real is None else np.full(filters, real)
    y = tiny.tensor([1, *room, filters], scale(rng, 0.02, 0.2), zero(rng))
    kernel = tiny.constant(values, scales, axis=3)
    tiny.output(tiny.op("DEPTHWISE_CONV_2D", bias(rng, tiny, [x, kernel], filters), [y], options))
    return tiny


def room_of(image, taps, dilation):
    return [image[0] - (taps[0] - 1) * dilation, image[1] - taps[1] + 1]

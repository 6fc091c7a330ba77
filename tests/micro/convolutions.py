"""Random convolutions of one group, as models, for the layouts of their weights."""

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

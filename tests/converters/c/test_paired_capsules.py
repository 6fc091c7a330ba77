"""The words of two capsule outputs, and why the difference of crossed products is all that their votes need."""

import numpy as np
import pytest

from tfcaps.converters.c.layouts.paired_capsules import pair_words


def halves(words):
    return words.astype(np.int16).astype(np.int64), (words >> 16).astype(np.int64)


def crossed_difference(a, b):
    """SMUSDX: the low half of a by the high half of b, less the other two."""
    return halves(a)[0] * halves(b)[1] - halves(a)[1] * halves(b)[0]


def even_bytes(words):
    """SXTB16."""
    low = words.astype(np.int8).astype(np.int64)
    high = (words >> 16).astype(np.int8).astype(np.int64)
    return (high << 16) | (low & 0xFFFF)


@pytest.mark.parametrize("dimension", [2, 5, 6])
@pytest.mark.parametrize("depth", [4, 12])
def test_products_with_words_are_votes(dimension, depth):
    rng = np.random.default_rng(dimension + depth)
    kernel = rng.integers(-127, 128, (3, 2 * dimension, depth)).astype(np.int8)
    kernel[0], kernel[1] = 127, -127
    u = rng.integers(-255, 256, (3, depth))
    words = pair_words(kernel, 2).astype(np.int64)
    assert words.shape == (3, 2, (dimension + 1) // 2, depth // 2)

    by_four = u.reshape(3, 1, 1, -1, 4)
    inputs = ((by_four[..., 2:] << 16) | (by_four[..., :2] & 0xFFFF)).reshape(3, 1, 1, -1)
    low = crossed_difference(inputs, even_bytes(words)).sum(axis=-1)
    high = crossed_difference(words, inputs).sum(axis=-1) + low

    votes = np.einsum("ijdk,ik->ijd", kernel.reshape(3, 2, dimension, depth).astype(np.int64), u)
    np.testing.assert_array_equal(low, votes[..., 0::2])
    np.testing.assert_array_equal(high[..., : dimension // 2], 256 * votes[..., 1::2])
    if dimension % 2:
        assert not high[..., -1].any()

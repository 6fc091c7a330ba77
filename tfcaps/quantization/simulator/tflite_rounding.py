"""TensorFlow Lite's fixed-point multiplication, as its reference kernels do it: two roundings.

Source: the TensorFlow Lite 8-bit quantisation specification and gemmlowp's fixed point. Only the builtin operators
round like this; the capsule operators round once (`fixed_point.requantise`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tfcaps.quantization.simulator.fixed_point import Ints


def quantize_multiplier(real: ArrayLike) -> tuple[Ints, Ints]:
    """(multiplier, exponent) with real = multiplier / 2^31 * 2^exponent, for real >= 0."""
    mantissa, exponent = np.frexp(np.asarray(real, np.float64))
    multiplier = np.floor(mantissa * 2.0**31 + 0.5).astype(np.int64)
    carries = multiplier == 2**31
    multiplier = np.where(carries, 2**30, multiplier)
    exponent = exponent.astype(np.int64) + carries
    vanishes = exponent < -31
    return np.where(vanishes, 0, multiplier), np.where(vanishes, 0, exponent)


def multiply(x: Ints, multiplier: ArrayLike, exponent: ArrayLike) -> Ints:
    """`x * multiplier / 2^31 * 2^exponent` of int32 x.

    The high half of the doubled product is rounded first, halves up; the shift right then rounds again, halves away
    from zero.
    """
    exponent = np.asarray(exponent, np.int64)
    product = (np.asarray(x, np.int64) << np.maximum(exponent, 0)) * np.asarray(multiplier, np.int64)
    nudged = product + np.where(product >= 0, 2**30, 1 - 2**30)
    high = np.where(nudged >= 0, nudged >> 31, -(-nudged >> 31))
    shift = np.maximum(-exponent, 0)
    mask = (np.int64(1) << shift) - 1
    return (high >> shift) + ((high & mask) > (mask >> 1) + (high < 0))

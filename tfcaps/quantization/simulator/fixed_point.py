"""The words of docs/numerics.md on NumPy integers.

Every function takes and gives int64 arrays (or Python integers) that hold exact values; none depends on a type's width.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]


def rshift(x: ArrayLike, n: int) -> Ints:
    """Rounding shift right by n >= 0, halves go up."""
    x = np.asarray(x, np.int64)
    return x if n == 0 else (x + (1 << (n - 1))) >> n


def requantise(x: ArrayLike, multiplier: ArrayLike, shift: int) -> Ints:
    """`rshift(x * multiplier, shift)` for int32 x, 0 <= multiplier < 2^31 and 1 <= shift <= 62: one rounding."""
    return rshift(np.asarray(x, np.int64) * np.asarray(multiplier, np.int64), shift)


def sat(x: ArrayLike, lo: int, hi: int) -> Ints:
    """`x` limited to lo ... hi."""
    return np.clip(np.asarray(x, np.int64), lo, hi)


def sat8(x: ArrayLike) -> Ints:
    """`x` limited to an int8."""
    return sat(x, -128, 127)


def sat16(x: ArrayLike) -> Ints:
    """`x` limited to an int16."""
    return sat(x, -32768, 32767)


def isqrt(x: ArrayLike) -> Ints:
    """Floor of the square root of 0 <= x < 2^32; a float64 root is exact enough for that by 19 bits."""
    return np.floor(np.sqrt(np.asarray(x, np.float64))).astype(np.int64)


def clz(x: ArrayLike) -> Ints:
    """Leading zeros of 0 <= x < 2^32 as an unsigned 32-bit integer."""
    return 32 - np.frexp(np.asarray(x, np.float64))[1].astype(np.int64)


def wrap32(x: ArrayLike) -> Ints:
    """`x` modulo 2^32, as a signed 32-bit integer."""
    return ((np.asarray(x, np.int64) + 2**31) & (2**32 - 1)) - 2**31


def length_bits(dimension: int) -> int:
    """The fraction bits f of Squash and Length: as many as keep |d|^2 * 2^f below 2^32."""
    return 12 if dimension <= 16 else 10 if dimension <= 64 else 8

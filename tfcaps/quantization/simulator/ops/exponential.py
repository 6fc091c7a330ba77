"""exp, logistic and tanh in 32-bit fixed point, with the bits of TensorFlow Lite's reference kernels.

A number in Qf stands for raw / 2^f. A product of two of them is the high half of the doubled 64-bit product, rounded;
one is 2^31 - 1 in Q31.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfcaps.quantization.simulator.fixed_point import Ints, sat
from tfcaps.quantization.simulator.tflite_rounding import multiply, quantize_multiplier

_ONE = 2**31 - 1
# exp(-2^k) in Q31 for k = -2, -1, ...
_POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
_EXP_OF_MINUS_EIGHTH = 1895147668
_THIRD = 715827883
_NEWTON = (1515870810, -1010580540)  # 48/17 and -32/17 in Q29


def product(a: Ints, b: Ints | int) -> Ints:
    """The high half of 2 a b, halves up."""
    return (a * b + 2**30) >> 31


def halve(x: Ints, n: int) -> Ints:
    """`x` / 2^n, halves away from zero."""
    return multiply(x, 2**31, -n)


def _sat32(x: Ints) -> Ints:
    return sat(x, -(2**31), 2**31 - 1)


def exp_of_negative(a: Ints, fraction_bits: int) -> Ints:
    """exp(a) in Q31 for a <= 0 with so many fraction bits, at least 26.

    The part of `a` that is no multiple of 1/4 goes through a polynomial of degree 4 around -1/8, the rest through one
    factor for each of its bits.
    """
    quarter = 2 ** (fraction_bits - 2)
    rest = (a & (quarter - 1)) - quarter
    x = _sat32(rest << (31 - fraction_bits)) + 2**28
    x2 = product(x, x)
    x3, x4 = product(x2, x), product(x2, x2)
    tail = halve(product(halve(x4, 2) + x3, _THIRD) + x2, 1)
    result = _EXP_OF_MINUS_EIGHTH + product(x + tail, _EXP_OF_MINUS_EIGHTH)
    whole = rest - a
    for bit, factor in enumerate(_POWERS[: 33 - fraction_bits]):
        result = np.where(whole >> (fraction_bits - 2 + bit) & 1, product(result, factor), result)
    return np.where(a == 0, _ONE, result)


def _newton(x: Ints) -> Ints:
    """2 / (1 + x) in Q29 for x in [0, 1] in Q31."""
    d = (x + _ONE + 1) >> 1
    guess = _NEWTON[0] + product(d, _NEWTON[1])
    for _ in range(3):
        guess = guess + _sat32(product(guess, 2**29 - product(d, guess)) << 2)
    return guess


def reciprocal_of_one_plus(x: Ints) -> Ints:
    """1 / (1 + x) in Q31 for x in [0, 1] in Q31."""
    return _sat32(_newton(x) << 1)


def logistic(a: Ints) -> Ints:
    """1 / (1 + exp(-a)) in Q31 for a in Q27."""
    positive = reciprocal_of_one_plus(exp_of_negative(-np.abs(a), 27))
    return np.where(a == 0, 2**30, np.where(a > 0, positive, _ONE - positive))


def tanh(a: Ints) -> Ints:
    """The hyperbolic tangent of a in Q27, in Q31."""
    size = _sat32((_newton(exp_of_negative(-np.abs(a), 26)) - 2**29) << 2)  # doubled by reading Q27 as Q26
    return np.where(a == 0, 0, np.where(a > 0, size, -size))


def saturating(d: Ints, scale: float, function: Callable[[Ints], Ints], bits: int, zero_point: int) -> Ints:
    """`function` of the real values d * scale with so many fraction bits; -128 and 127 where Q27 cannot hold them."""
    multiplier, shift = quantize_multiplier(np.float64(scale) * 2**27)
    radius = input_radius(4, int(shift))
    inside = function(multiply(np.clip(d, 1 - radius, radius - 1), multiplier, shift))
    return np.select([d <= -radius, d >= radius], [-128, 127], halve(inside, 31 - bits) + zero_point)


def input_radius(integer_bits: int, left_shift: int) -> int:
    """From which distance on an input no longer fits so many integer bits."""
    return int(np.floor((2**integer_bits - 1) * 2.0 ** (31 - integer_bits) / 2.0**left_shift))

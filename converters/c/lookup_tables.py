"""Functions of one int8 value as tables of 256: the bits of TFLite Micro's reference kernels for every input.

Those kernels compute each value anew with gemmlowp's fixed-point functions; a table gives the same bits in one load.
Numbers are raw int32 of gemmlowp's FixedPoint<int32, i>, written Qi below: raw / 2^(31 - i).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tfcaps.converters.c.tflm_arithmetic import multiply, quantize_multiplier, round_to
from tfcaps.runtime.tflite_file import Tensor

_ONE = 2**31 - 1  # of Q0
# exp(-1/4), exp(-1/2), exp(-1), ... exp(-16) in Q0.
_EXPONENTIALS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
_INTEGER_BITS = 4  # of the inputs of logistic and tanh

Table = NDArray[np.int8]


def table_of(function: Callable[[int], int]) -> Table:
    """The table: `function` of -128 ... 127, limited to int8."""
    return np.array([min(127, max(-128, function(q))) for q in range(-128, 128)], np.int8)


def requantize(source: Tensor, output: Tensor) -> Table:
    """QUANTIZE from int8 to int8."""
    scale = quantize_multiplier(float(np.float64(source.scale) / np.float64(output.scale)))
    return table_of(lambda q: multiply(q - source.zero_point, *scale) + output.zero_point)


def relu(source: Tensor, output: Tensor) -> Table:
    """RELU."""
    scale = quantize_multiplier(float(np.float32(source.scale) / np.float32(output.scale)))
    return table_of(lambda q: max(output.zero_point, multiply(q - source.zero_point, *scale) + output.zero_point))


def relu6(source: Tensor, output: Tensor) -> Table:
    """RELU6: the reference kernel does not rescale, whatever the output's scale is."""
    six = min(127, max(-128, round_to(6.0, source.scale) + source.zero_point))
    return table_of(lambda q: min(six, max(source.zero_point, q)))


def leaky_relu(source: Tensor, output: Tensor, alpha: float) -> Table:
    """LEAKY_RELU for any alpha."""
    ratio = np.float32(source.scale) * np.float32(alpha) / np.float32(output.scale)
    below = quantize_multiplier(float(abs(ratio)))
    above = quantize_multiplier(float(np.float32(source.scale) / np.float32(output.scale)))
    sign = -1 if ratio < 0 else 1

    def value(q: int) -> int:
        x = q - source.zero_point
        return output.zero_point + (multiply(x, *above) if x >= 0 else sign * multiply(x, *below))

    return table_of(value)


def hard_swish(source: Tensor, output: Tensor) -> Table:
    """HARD_SWISH, in 16 bits like the reference; the output's multiplier must be at most 1."""
    fine = np.float32(1 / 128) * np.float32(source.scale)
    multiplier, shift = quantize_multiplier(float(fine / np.float32(output.scale)))
    reluish, left = quantize_multiplier(float(fine / np.float32(3 / 32768)))

    def value(q: int) -> int:
        x = (q - source.zero_point) * 128
        wide = _high16(x, _to_16_bits(multiplier))
        gate = _limit16(x << (left - 1)) if left > 0 else x
        gate = _high16(gate, _to_16_bits(reluish))
        gate = _limit16(gate << 1) if left > 0 else _shift(gate, -left)
        gate = (gate + 2**15) >> 1
        return _shift(_towards_zero(gate * wide, 2**15), -shift) + output.zero_point

    return table_of(value)


def logistic(source: Tensor) -> Table:
    """LOGISTIC; output scale 1/256, zero point -128."""
    return _bounded(source, lambda x: _shift(_logistic(x), 23) - 128)


def tanh(source: Tensor) -> Table:
    """TANH; output scale 1/128, zero point 0."""
    return _bounded(source, lambda x: _shift(_tanh(x), 24))


def softmax_exponentials(source: Tensor, beta: float) -> NDArray[np.int32]:
    """exp(-n * scale * beta) in Q0 for n = 0 ... 255; 0 where the reference kernel leaves the value out."""
    real = min(float(beta) * source.scale * 2.0**26, 2.0**31 - 1)
    multiplier, shift = quantize_multiplier(real)
    least = -float(_radius(5, shift))
    return np.array(
        [_exp(multiply(-n, multiplier, shift), 5) if -n >= least else 0 for n in range(256)],
        np.int32,
    )


def _bounded(source: Tensor, function: Callable[[int], int]) -> Table:
    """A function of Q4, with its limits beyond what Q4 can hold."""
    mantissa, shift = math.frexp(source.scale * 2.0 ** (31 - _INTEGER_BITS))
    multiplier = math.floor(mantissa * 2.0**31 + 0.5)
    radius = _radius(_INTEGER_BITS, shift)

    def value(q: int) -> int:
        x = q - source.zero_point
        if abs(x) >= radius:
            return -128 if x <= -radius else 127
        return function(multiply(x, multiplier, shift))

    return table_of(value)


def _radius(integer_bits: int, left_shift: int) -> int:
    return math.floor((2**integer_bits - 1) * 2 ** (31 - integer_bits) / 2**left_shift)


def _logistic(x: int) -> int:
    """Q4 to Q0."""
    if x == 0:
        return 2**30
    positive = _limit(_reciprocal(_exp(-abs(x), 4)) << 1)
    return positive if x > 0 else _ONE - positive


def _tanh(x: int) -> int:
    """Q4 to Q0: (1 - e) / (1 + e) with e = exp(-2 |x|)."""
    if x == 0:
        return 0
    magnitude = _limit((_reciprocal(_exp(-abs(x), 5)) - 2**29) << 2)
    return magnitude if x > 0 else -magnitude


def _reciprocal(a: int) -> int:
    """2 / (1 + a) of Q0, in Q2: three steps of Newton and Raphson."""
    half = _towards_zero(a + _ONE + 1, 2)
    x = 1515870810 + _high(half, -1010580540)
    for _ in range(3):
        x += _limit(_high(x, 2**29 - _high(half, x)) << 2)
    return x


def _exp(a: int, integer_bits: int) -> int:
    """exp(a) of a <= 0 in Q(integer_bits), in Q0."""
    if a == 0:
        return _ONE
    fraction_bits = 31 - integer_bits
    quarter = 1 << (fraction_bits - 2)
    part = (a & (quarter - 1)) - quarter
    x = _limit(part << integer_bits) + 2**28
    square = _high(x, x)
    cube, fourth = _high(square, x), _high(square, square)
    series = _shift(_high(_shift(fourth, 2) + cube, 715827883) + square, 1)
    result = 1895147668 + _high(1895147668, x + series)
    for exponent, factor in enumerate(_EXPONENTIALS, -2):
        if integer_bits > exponent and (part - a) & (1 << (fraction_bits + exponent)):
            result = _high(result, factor)
    return result


def _high(a: int, b: int) -> int:
    """The high half of the doubled product of int32, halves up."""
    product = a * b
    return _towards_zero(product + (2**30 if product >= 0 else 1 - 2**30), 2**31)


def _high16(a: int, b: int) -> int:
    """The same of int16."""
    product = a * b
    return _towards_zero(product + (2**14 if product >= 0 else 1 - 2**14), 2**15)


def _shift(x: int, n: int) -> int:
    """A right shift, halves away from zero."""
    half = (1 << n) >> 1
    return (x + half) >> n if x >= 0 else -((-x + half) >> n)


def _towards_zero(x: int, divisor: int) -> int:
    return x // divisor if x >= 0 else -(-x // divisor)


def _limit(x: int) -> int:
    return min(2**31 - 1, max(-(2**31), x))


def _limit16(x: int) -> int:
    return min(2**15 - 1, max(-(2**15), x))


def _to_16_bits(multiplier: int) -> int:
    return min(2**15 - 1, (multiplier + 2**15) >> 16)

"""HARD_SWISH on int8: x min(6, max(0, x + 3)) / 6 in 16-bit fixed point."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tfcaps.quantization.simulator.fixed_point import Ints, sat16
from tfcaps.quantization.simulator.ops.base import OPS
from tfcaps.quantization.simulator.ops.exponential import halve
from tfcaps.quantization.simulator.ops.lookup import INPUTS, TABLES, Table, lookup, refuse, to_table
from tfcaps.quantization.simulator.tflite_rounding import quantize_multiplier
from tfcaps.runtime.tflite_file import Operator, TensorInfo


def _multiplier16(real: ArrayLike) -> tuple[int, int]:
    """(multiplier, exponent) with real = multiplier / 2^15 * 2^exponent."""
    multiplier, exponent = quantize_multiplier(real)
    return min((int(multiplier) + 2**15) >> 16, 2**15 - 1), int(exponent)


def _product16(a: Ints, b: int) -> Ints:
    """The high half of 2 a b, halves up."""
    return (a * b + 2**14) >> 15


@TABLES.register("HARD_SWISH")
def hard_swish_table(op: Operator, x: TensorInfo, y: TensorInfo) -> Table:
    """Any scales whose ratio x / y is less than 128."""
    fine = np.float64(x.scale) / 128  # the scale of an input shifted left by 7
    output_multiplier, output_exponent = _multiplier16(fine / np.float64(y.scale))
    gate_multiplier, gate_exponent = _multiplier16(fine / (3 / 2**15))
    if output_exponent > 0:
        raise refuse(op, y, "expected an input scale of less than 128 times the output scale")
    d = (INPUTS - x.zero_point) << 7
    gate = sat16(d << max(0, min(gate_exponent, 17) - 1))  # [-3, 3] becomes [-1, 1] in Q15
    gate = _product16(gate, gate_multiplier)
    gate = sat16(gate << 1) if gate_exponent > 0 else halve(gate, -gate_exponent)
    gate = (gate + 2**15) >> 1
    product = gate * _product16(d, output_multiplier)
    unshifted = np.sign(product) * (np.abs(product) >> 15)  # towards zero
    return to_table(halve(unshifted, -output_exponent) + y.zero_point)


OPS.register("HARD_SWISH")(lookup)

"""TANH on int8."""

from __future__ import annotations

from tfcaps.quantization.simulator.ops import exponential
from tfcaps.quantization.simulator.ops.base import OPS
from tfcaps.quantization.simulator.ops.lookup import INPUTS, TABLES, Table, lookup, refuse, to_table
from tfcaps.runtime.tflite_file import Operator, TensorInfo


@TABLES.register("TANH")
def tanh_table(op: Operator, x: TensorInfo, y: TensorInfo) -> Table:
    """tanh(x); the output's scale has to be 1/128, its zero point 0."""
    if (y.scale, y.zero_point) != (1 / 128, 0):
        raise refuse(op, y, f"expected output scale 1/128, zero point 0, got {y.scale:g}, {y.zero_point}")
    return to_table(exponential.saturating(INPUTS - x.zero_point, x.scale, exponential.tanh, 7, 0))


OPS.register("TANH")(lookup)

"""LOGISTIC on int8."""

from __future__ import annotations

from tfcaps.quantization.simulator.ops import exponential
from tfcaps.quantization.simulator.ops.base import OPS
from tfcaps.quantization.simulator.ops.lookup import INPUTS, TABLES, Table, lookup, refuse, to_table
from tfcaps.runtime.tflite_file import Operator, TensorInfo


@TABLES.register("LOGISTIC")
def logistic_table(op: Operator, x: TensorInfo, y: TensorInfo) -> Table:
    """1 / (1 + exp(-x)); the output's scale has to be 1/256, its zero point -128."""
    if (y.scale, y.zero_point) != (1 / 256, -128):
        raise refuse(op, y, f"expected output scale 1/256, zero point -128, got {y.scale:g}, {y.zero_point}")
    return to_table(exponential.saturating(INPUTS - x.zero_point, x.scale, exponential.logistic, 8, -128))


OPS.register("LOGISTIC")(lookup)

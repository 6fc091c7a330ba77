"""RELU and RELU6 on int8 as operators of their own."""

from __future__ import annotations

import numpy as np

from tfcaps.quantization.simulator.ops.base import OPS
from tfcaps.quantization.simulator.ops.lookup import INPUTS, TABLES, Table, lookup, refuse, to_table
from tfcaps.quantization.simulator.tflite_rounding import multiply, quantize_multiplier
from tfcaps.runtime.tflite_file import Operator, TensorInfo


@TABLES.register("RELU")
def relu_table(op: Operator, x: TensorInfo, y: TensorInfo) -> Table:
    """max(0, x), in the output's scale."""
    scaled = multiply(INPUTS - x.zero_point, *quantize_multiplier(np.float64(x.scale) / np.float64(y.scale)))
    return to_table(np.maximum(scaled + y.zero_point, y.zero_point))


@TABLES.register("RELU6")
def relu6_table(op: Operator, x: TensorInfo, y: TensorInfo) -> Table:
    """min(6, max(0, x)); TFLite Micro keeps the scale, so both have to be the same, and divides 6 in float32."""
    if (x.scale, x.zero_point) != (y.scale, y.zero_point):
        raise refuse(op, y, "expected input and output of one scale and zero point")
    six = np.floor(np.float64(np.float32(6) / np.float32(x.scale)) + 0.5) + x.zero_point
    return to_table(np.clip(INPUTS, x.zero_point, min(127, int(six))))


OPS.register("RELU")(lookup)
OPS.register("RELU6")(lookup)

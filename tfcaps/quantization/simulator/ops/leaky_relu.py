"""LEAKY_RELU on int8."""

from __future__ import annotations

import numpy as np

from tfcaps.quantization.simulator.ops.base import OPS
from tfcaps.quantization.simulator.ops.lookup import INPUTS, TABLES, Table, lookup, refuse, to_table
from tfcaps.quantization.simulator.tflite_rounding import multiply, quantize_multiplier
from tfcaps.runtime.tflite_file import Operator, TensorInfo


@TABLES.register("LEAKY_RELU")
def leaky_relu_table(op: Operator, x: TensorInfo, y: TensorInfo) -> Table:
    """`x` where it is not negative, else alpha times x."""
    if op.options is None or not op.options.Alpha() >= 0:
        raise refuse(op, y, "expected an alpha that is not negative")
    d = INPUTS - x.zero_point
    steep = multiply(d, *quantize_multiplier(np.float64(x.scale) / np.float64(y.scale)))
    flat = multiply(d, *quantize_multiplier(np.float64(x.scale) * np.float64(op.options.Alpha()) / np.float64(y.scale)))
    return to_table(np.where(d >= 0, steep, flat) + y.zero_point)


OPS.register("LEAKY_RELU")(lookup)

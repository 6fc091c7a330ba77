"""QUANTIZE from int8 to int8 as a table; the operator itself is in `quantize`."""

from __future__ import annotations

import numpy as np

from tfcaps.quantization.simulator.ops.lookup import INPUTS, TABLES, Table, to_table
from tfcaps.quantization.simulator.tflite_rounding import multiply, quantize_multiplier
from tfcaps.runtime.tflite_file import Operator, TensorInfo


@TABLES.register("QUANTIZE")
def requantize_table(op: Operator, x: TensorInfo, y: TensorInfo) -> Table:
    """`x` in another scale."""
    scale = np.float64(x.scale) / np.float64(y.scale)
    return to_table(multiply(INPUTS - x.zero_point, *quantize_multiplier(scale)) + y.zero_point)

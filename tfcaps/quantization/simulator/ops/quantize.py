"""QUANTIZE from float32 or from another scale, and DEQUANTIZE."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfcaps.quantization.simulator.ops.base import OPS, OpCall
from tfcaps.quantization.simulator.tflite_rounding import multiply, quantize_multiplier
from tfcaps.runtime import batches


@OPS.register("QUANTIZE")
def quantize(call: OpCall) -> NDArray[np.int8]:
    """float32 or int8 to int8."""
    x, tensor, output = call.values[0], call.inputs[0], call.outputs[0]
    if x is not None and x.dtype == np.float32 and output.dtype == np.int8 and output.scale:
        return batches.quantize(x, output)
    ((x, tensor),) = call.int8(0)
    scale = np.float64(tensor.scale) / np.float64(output.scale)
    return call.finish(multiply(x.astype(np.int64) - tensor.zero_point, *quantize_multiplier(scale)))


@OPS.register("DEQUANTIZE")
def dequantize(call: OpCall) -> NDArray[Any]:
    """int8 to float32."""
    x, tensor = call.values[0], call.inputs[0]
    if x is None or tensor is None or not tensor.scale or call.outputs[0].dtype != np.float32:
        raise call.fail("expected a quantised input and a float32 output")
    return batches.dequantize(x, tensor)

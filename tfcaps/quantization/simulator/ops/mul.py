"""MUL on int8."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfcaps.quantization.simulator.ops.base import OPS, OpCall
from tfcaps.quantization.simulator.tflite_rounding import multiply, quantize_multiplier


@OPS.register("MUL")
def mul(call: OpCall) -> NDArray[np.int8]:
    """Two int8 tensors, broadcast; scales are multiplied in float64 as in TFLite Micro, LiteRT takes float32."""
    (x, x_tensor), (y, y_tensor) = call.int8(0, 1)
    product = (x.astype(np.int64) - x_tensor.zero_point) * (y.astype(np.int64) - y_tensor.zero_point)
    scale = np.float64(x_tensor.scale) * np.float64(y_tensor.scale) / np.float64(call.outputs[0].scale)
    return call.finish(multiply(product, *quantize_multiplier(scale)), call.op.options.FusedActivationFunction())

"""ADD and SUB on int8."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfcaps.quantization.simulator.ops.base import OPS, OpCall
from tfcaps.quantization.simulator.tflite_rounding import multiply, quantize_multiplier

_LEFT_SHIFT = 20


@OPS.register("ADD")
@OPS.register("SUB")
def add(call: OpCall) -> NDArray[np.int8]:
    """Two int8 tensors, broadcast, each brought to twice the larger scale first."""
    (x, x_tensor), (y, y_tensor) = call.int8(0, 1)
    twice = 2 * np.float64(max(x_tensor.scale, y_tensor.scale))
    scaled = [
        multiply((q.astype(np.int64) - tensor.zero_point) << _LEFT_SHIFT, *quantize_multiplier(tensor.scale / twice))
        for q, tensor in ((x, x_tensor), (y, y_tensor))
    ]
    total = scaled[0] - scaled[1] if call.op.name == "SUB" else scaled[0] + scaled[1]
    scale = twice / (2.0**_LEFT_SHIFT * call.outputs[0].scale)
    return call.finish(multiply(total, *quantize_multiplier(scale)), call.op.options.FusedActivationFunction())

"""MAXIMUM and MINIMUM on int8; all tensors share scale and zero point."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfcaps.quantization.simulator.ops.base import OPS, OpCall
from tfcaps.quantization.simulator.ops.per_example import keep_scale


@OPS.register("MAXIMUM")
@OPS.register("MINIMUM")
def maximum(call: OpCall) -> NDArray[np.int8]:
    """Two int8 tensors, broadcast."""
    (x, x_tensor), (y, y_tensor) = call.int8(0, 1)
    keep_scale(call, x_tensor)
    keep_scale(call, y_tensor)
    found = (np.maximum if call.op.name == "MAXIMUM" else np.minimum)(x, y)
    if found.shape[1:] != call.outputs[0].shape[1:]:
        raise call.fail(f"expected output {[1, *found.shape[1:]]}, got {list(call.outputs[0].shape)}")
    return found

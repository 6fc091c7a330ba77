"""CONCATENATION on int8; all tensors share scale and zero point."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfcaps.quantization.simulator.ops.base import OPS, OpCall
from tfcaps.quantization.simulator.ops.per_example import keep_scale


@OPS.register("CONCATENATION")
def concatenation(call: OpCall) -> NDArray[np.int8]:
    """Along an axis behind the batch; constants are the same for every example."""
    parts = call.int8(*range(len(call.inputs)))
    rank = len(call.outputs[0].shape)
    axis = call.op.options.Axis() + (rank if call.op.options.Axis() < 0 else 0)
    if not 1 <= axis < rank or call.op.options.FusedActivationFunction():
        raise call.fail("expected an axis behind the batch, and no fused activation")
    arrays = []
    for x, tensor in parts:
        keep_scale(call, tensor)
        arrays.append(x if tensor.data is None else np.broadcast_to(x, (call.batch, *x.shape[1:])))
    sizes = [array.shape[:axis] + array.shape[axis + 1 :] for array in arrays]
    joined = np.concatenate(arrays, axis) if len(set(sizes)) == 1 else np.empty(0, np.int8)
    if joined.shape[1:] != call.outputs[0].shape[1:]:
        raise call.fail(f"expected inputs that join to {list(call.outputs[0].shape)}")
    return joined

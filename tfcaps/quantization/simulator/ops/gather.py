"""GATHER on int8."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfcaps.quantization.simulator.ops.base import OPS, OpCall
from tfcaps.quantization.simulator.ops.per_example import integers, keep_scale, per_example


@OPS.register("GATHER")
def gather(call: OpCall) -> NDArray[np.int8]:
    """Slices along an axis behind the batch, by constant numbers; the output has their shape in the axis' place."""
    ((x, tensor),) = call.int8(0)
    keep_scale(call, tensor)
    options, indices = call.op.options, integers(call, 1)
    axis = options.Axis() if options is not None else 0
    axis += x.ndim if axis < 0 else 0
    if not 1 <= axis < x.ndim or (options is not None and options.BatchDims()):
        raise call.fail(f"expected an axis behind the batch and no batch_dims, got axis {axis}")
    outside = [index for index in indices if not 0 <= index < x.shape[axis]]
    if outside:
        raise call.fail(f"expected indices of {x.shape[axis]} slices, got {outside[0]}")
    shape = call.inputs[1].shape if call.inputs[1] is not None else ()
    return per_example(call, x, lambda example: np.take(example, np.reshape(indices, shape).astype(np.intp), axis))

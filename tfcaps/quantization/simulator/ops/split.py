"""SPLIT and SPLIT_V on int8."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfcaps.quantization.simulator.ops.base import OPS, OpCall
from tfcaps.quantization.simulator.ops.per_example import integers, keep_scale


@OPS.register("SPLIT")
@OPS.register("SPLIT_V")
def split(call: OpCall) -> tuple[NDArray[np.int8], ...]:
    """Along an axis behind the batch, into the outputs; SPLIT has the axis in front of the values."""
    value, where = (1, 0) if call.op.name == "SPLIT" else (0, 2)
    ((x, tensor),) = call.int8(value)
    keep_scale(call, tensor)
    (axis,) = integers(call, where)
    axis += x.ndim if axis < 0 else 0
    if not 1 <= axis < x.ndim:
        raise call.fail(f"expected an axis behind the batch, got {axis}")
    ends = np.cumsum([output.shape[axis] if axis < len(output.shape) else 0 for output in call.outputs])
    parts = tuple(np.ascontiguousarray(part) for part in np.split(x, ends[:-1], axis))
    shapes = [(1, *part.shape[1:]) for part in parts]
    if ends[-1] != x.shape[axis] or shapes != [output.shape for output in call.outputs]:
        raise call.fail(f"expected outputs that make up {list(tensor.shape)}, got {shapes}")
    return parts

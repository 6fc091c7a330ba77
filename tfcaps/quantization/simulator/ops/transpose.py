"""TRANSPOSE on int8."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfcaps.quantization.simulator.ops.base import OPS, OpCall
from tfcaps.quantization.simulator.ops.per_example import integers, keep_scale, per_example


@OPS.register("TRANSPOSE")
def transpose(call: OpCall) -> NDArray[np.int8]:
    """The permutation is input 1."""
    ((x, tensor),) = call.int8(0)
    keep_scale(call, tensor)
    permutation = integers(call, 1)
    if sorted(permutation) != list(range(x.ndim)):
        raise call.fail(f"expected a permutation of {x.ndim} dimensions, got {permutation}")
    return per_example(call, x, lambda example: example.transpose(permutation))

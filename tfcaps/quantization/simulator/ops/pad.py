"""PAD and PADV2 on int8."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfcaps.quantization.simulator.ops.base import OPS, OpCall
from tfcaps.quantization.simulator.ops.per_example import integers, keep_scale, per_example


@OPS.register("PAD")
@OPS.register("PADV2")
def pad(call: OpCall) -> NDArray[np.int8]:
    """Paddings [rank, 2] in input 1, the value in input 2 or else the zero point."""
    ((x, tensor),) = call.int8(0)
    keep_scale(call, tensor)
    widths = integers(call, 1)
    if len(widths) != 2 * x.ndim or min(widths, default=0) < 0:
        raise call.fail(f"expected paddings [{x.ndim}, 2], none negative")
    value = tensor.zero_point
    if len(call.inputs) > 2:
        constant = call.inputs[2]
        if constant is None or (constant.scale, constant.zero_point) != (tensor.scale, tensor.zero_point):
            raise call.fail("expected a padding value of the input's scale and zero point")
        value = integers(call, 2)[0]
    pairs = list(zip(widths[::2], widths[1::2], strict=True))
    return per_example(call, x, lambda example: np.pad(example, pairs, constant_values=value))

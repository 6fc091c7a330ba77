"""RESHAPE, and the operators that are one: the values stay, example by example."""

from __future__ import annotations

import math
from typing import Any

from numpy.typing import NDArray

from tfcaps.quantization.simulator.ops.base import OPS, OpCall


@OPS.register("RESHAPE")
@OPS.register("SQUEEZE")
@OPS.register("EXPAND_DIMS")
def reshape(call: OpCall) -> NDArray[Any]:
    """Any type; the output's shape is the file's, and has to keep the batch in front."""
    x, tensor, output = call.values[0], call.inputs[0], call.outputs[0]
    if x is None or tensor is None or tensor.data is not None or x.dtype != output.dtype:
        raise call.fail("expected an output of the input's type, and an input that is no constant")
    if output.shape[:1] != (1,) or math.prod(output.shape) != math.prod(tensor.shape):
        raise call.fail(f"expected the batch of one in front and the values of {list(tensor.shape)}")
    return x.reshape(call.batch, *output.shape[1:])

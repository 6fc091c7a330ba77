"""RESHAPE, and the operators that are one: the values stay, example by example."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from tfcaps.quantization.simulator.ops.base import OPS, OpCall


@OPS.register("RESHAPE")
@OPS.register("SQUEEZE")
@OPS.register("EXPAND_DIMS")
def reshape(call: OpCall) -> NDArray[Any]:
    """Any type; the output's shape is the file's, and has to keep the batch in front."""
    x, output = call.values[0], call.outputs[0]
    if x is None or output.shape[:1] != (1,) or x.dtype != output.dtype or x.size % call.batch:
        raise call.fail("expected an output of the input's type with the batch of one in front")
    try:
        return x.reshape(call.batch, *output.shape[1:])
    except ValueError:
        raise call.fail(f"expected output {list(output.shape)} to hold as many values as {list(x.shape)}") from None

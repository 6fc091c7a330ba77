"""Operators that move values: what they have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfcaps.quantization.simulator.ops.base import OpCall
from tfcaps.runtime.tflite_file import Tensor


def per_example(call: OpCall, x: NDArray[Any], compute: Callable[[NDArray[Any]], NDArray[Any]]) -> NDArray[Any]:
    """Runs `compute` on a batch of one, as the file has it, for each example of x [n, ...], and joins the results."""
    output = call.outputs[0]
    if output.shape[:1] != (1,):
        raise call.fail(f"expected the batch of one in front of the output, got {list(output.shape)}")
    result = np.empty((len(x), *output.shape[1:]), output.dtype)
    for n in range(len(x)):
        computed = compute(x[n : n + 1])
        if computed.shape != output.shape:
            raise call.fail(f"expected output {list(computed.shape)}, got {list(output.shape)}")
        result[n] = computed[0]
    return result


def keep_scale(call: OpCall, tensor: Tensor) -> None:
    """Makes sure that a value means the same in an input and in every output."""
    for output in call.outputs:
        if (tensor.scale, tensor.zero_point, tensor.dtype) != (output.scale, output.zero_point, output.dtype):
            raise call.fail("expected inputs and outputs of one type, scale and zero point")


def integers(call: OpCall, position: int) -> list[int]:
    """An input that has to be a constant of integers: axes, sizes, paddings."""
    tensor = call.inputs[position] if position < len(call.inputs) else None
    if tensor is None or tensor.data is None or tensor.dtype.kind != "i":
        raise call.fail(f"expected input {position} to be a constant of integers")
    return [int(value) for value in tensor.data.reshape(-1)]

"""MEAN and SUM on int8."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfcaps.quantization.simulator.ops.base import OPS, OpCall
from tfcaps.quantization.simulator.ops.per_example import integers, per_example
from tfcaps.quantization.simulator.tflite_rounding import multiply, quantize_multiplier

MAX_VALUES = 2**23  # of one sum, so that it fits 31 bits with its zero points


def sum_multiplier(scale_in: float, scale_out: float, count: int = 1) -> tuple[int, int]:
    """(multiplier, exponent) of a sum, divided by `count` for a mean of so many values."""
    multiplier, exponent = (int(part) for part in quantize_multiplier(np.float64(scale_in) / np.float64(scale_out)))
    shift = min(count.bit_length() - 1, 32, 31 + exponent)
    return (multiplier << shift) // count, exponent - shift


@OPS.register("MEAN")
@OPS.register("SUM")
def mean(call: OpCall) -> NDArray[np.int8]:
    """Along the axes that input 1 holds."""
    ((x, tensor),) = call.int8(0)
    axes = {axis + x.ndim if axis < 0 else axis for axis in integers(call, 1)}
    if not all(0 <= axis < x.ndim for axis in axes):
        raise call.fail(f"expected axes within {x.ndim} dimensions, got {sorted(axes)}")
    count = int(np.prod([tensor.shape[axis] for axis in axes], dtype=np.int64))
    if count > MAX_VALUES:
        raise call.fail(f"expected sums of at most {MAX_VALUES} values, got {count}")
    output = call.outputs[0]
    scale = sum_multiplier(tensor.scale, output.scale, count if call.op.name == "MEAN" else 1)
    keep = call.op.options is not None and bool(call.op.options.KeepDims())

    def compute(example: NDArray[np.int8]) -> NDArray[np.int8]:
        sums = np.sum(example.astype(np.int64) - tensor.zero_point, axis=tuple(axes), keepdims=keep)
        return np.clip(multiply(np.asarray(sums), *scale) + output.zero_point, -128, 127).astype(np.int8)

    return per_example(call, x, compute)

"""SOFTMAX on int8, along the last dimension."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfcaps.quantization.simulator.fixed_point import Ints, clz
from tfcaps.quantization.simulator.ops import exponential
from tfcaps.quantization.simulator.ops.base import OPS, OpCall
from tfcaps.quantization.simulator.tflite_rounding import multiply, quantize_multiplier

MAX_DEPTH = 4095  # up to which the sum of the exponentials fits 31 bits


def exp_table(scale: float, beta: float) -> NDArray[np.int32]:
    """exp(-n scale beta) for n = 0 ... 255 in Q31; 0 from where on it does not count."""
    multiplier, shift = quantize_multiplier(min(np.float64(beta) * np.float64(scale) * 2**26, 2.0**31 - 1))
    n = np.arange(256, dtype=np.int64)
    counts = n <= exponential.input_radius(5, int(shift))
    exps = exponential.exp_of_negative(multiply(np.where(counts, -n, 0), multiplier, shift), 26)
    return np.where(counts, exps, 0).astype(np.int32)


@OPS.register("SOFTMAX")
def softmax(call: OpCall) -> NDArray[np.int8]:
    """Input [..., depth]; the output's scale has to be 1/256, its zero point -128."""
    ((x, tensor),) = call.int8(0)
    output = call.outputs[0]
    if (output.scale, output.zero_point) != (1 / 256, -128) or output.shape[1:] != x.shape[1:]:
        raise call.fail(f"expected output {[1, *x.shape[1:]]} of scale 1/256 and zero point -128")
    if call.op.options is None or not call.op.options.Beta() * tensor.scale * 2**26 > 1:
        raise call.fail("expected a positive beta")
    if x.shape[-1] > MAX_DEPTH:
        raise call.fail(f"expected rows of at most {MAX_DEPTH} values, got {x.shape[-1]}")
    table = exp_table(tensor.scale, call.op.options.Beta()).astype(np.int64)
    below = x.max(axis=-1, keepdims=True).astype(np.int64) - x
    return _normalise(table[below]).astype(np.int8)


def _normalise(exps: Ints) -> Ints:
    """Exponentials in Q31, divided by their sum, as int8 of scale 1/256."""
    total = exponential.halve(exps, 12).sum(axis=-1, keepdims=True)
    zeros = clz(total)
    shares = exponential.product(exps, exponential.reciprocal_of_one_plus((total << zeros) - 2**31))
    return np.clip(multiply(shares, 2**31, zeros - 35) - 128, -128, 127)

"""FULLY_CONNECTED on int8, rounded twice as in TFLite Micro; LiteRT 2.3 rounds once and is off by one now and then."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfcaps.quantization.simulator.ops.base import OPS, OpCall, accumulate
from tfcaps.quantization.simulator.tflite_rounding import multiply, quantize_multiplier


@OPS.register("FULLY_CONNECTED")
def fully_connected(call: OpCall) -> NDArray[np.int8]:
    """Input [n, ...] of as many values as the weights [units, values] have, one scale or one a unit."""
    (x, x_tensor), (kernel, kernel_tensor) = call.int8(0, 1)
    call.constant(1)
    units, depth = kernel.shape
    keeps = call.op.options.KeepNumDims()
    if (x.shape[-1] if keeps else x[:1].size) != depth:
        raise call.fail(f"expected {depth} values an example, got input {list(x.shape)}")
    d = x.reshape((*x.shape[:-1], depth) if keeps else (len(x), depth)).astype(np.int16) - x_tensor.zero_point
    sums = accumulate(d, kernel.T, depth * 255 * 128) + call.bias(2, units)
    scales = np.float64(x_tensor.scale) * kernel_tensor.scales.astype(np.float64) / call.outputs[0].scale
    return call.finish(multiply(sums, *quantize_multiplier(scales)), call.op.options.FusedActivationFunction())

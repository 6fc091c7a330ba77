"""DEPTHWISE_CONV_2D on int8."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfcaps.quantization.simulator.ops.base import OPS, OpCall
from tfcaps.quantization.simulator.ops.window import windows
from tfcaps.quantization.simulator.tflite_rounding import multiply, quantize_multiplier


@OPS.register("DEPTHWISE_CONV_2D")
def depthwise_conv_2d(call: OpCall) -> NDArray[np.int8]:
    """Input [n, h, w, c], filter [1, kh, kw, c * multiplier] with one scale an output channel."""
    (x, x_tensor), (kernel, kernel_tensor) = call.int8(0, 1)
    options = call.op.options
    call.constant(1)
    _, height, width, outputs = kernel.shape
    if x.ndim != 4 or outputs % x.shape[3]:
        raise call.fail(f"expected a multiple of {x.shape[-1]} output channels, got {outputs}")
    d = x.astype(np.int64) - x_tensor.zero_point
    dilation = (options.DilationHFactor(), options.DilationWFactor())
    views = windows(d, (height, width), options, 0, dilation)
    weights = kernel[0].astype(np.int64).reshape(height, width, x.shape[3], -1)
    sums = np.einsum("nyxchw,hwcm->nyxcm", views, weights)
    sums = sums.reshape(*views.shape[:3], outputs) + call.bias(2, outputs)
    scales = np.float64(x_tensor.scale) * kernel_tensor.scales.astype(np.float64) / call.outputs[0].scale
    return call.finish(multiply(sums, *quantize_multiplier(scales)), options.FusedActivationFunction())

"""CONV_2D on int8."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tfcaps.quantization.simulator.ops.base import OPS, OpCall, accumulate
from tfcaps.quantization.simulator.ops.window import windows
from tfcaps.quantization.simulator.tflite_rounding import multiply, quantize_multiplier


@OPS.register("CONV_2D")
def conv_2d(call: OpCall) -> NDArray[np.int8]:
    """Input [n, h, w, groups * c], filter [filters, kh, kw, c] with one scale a filter; each group has as many."""
    (x, x_tensor), (kernel, kernel_tensor) = call.int8(0, 1)
    options = call.op.options
    call.constant(1)
    filters, height, width, channels = kernel.shape
    if x.ndim != 4 or x.shape[3] % channels or filters % (x.shape[3] // channels):
        raise call.fail(f"expected groups of {channels} channels for {filters} filters, got input {list(x.shape)}")
    groups = x.shape[3] // channels
    d = x.astype(np.int16) - x_tensor.zero_point
    dilation = (options.DilationHFactor(), options.DilationWFactor())
    views = windows(d, (height, width), options, 0, dilation).transpose(0, 1, 2, 4, 5, 3)
    depth = height * width * channels
    parts = []
    for columns, weights in zip(np.split(views, groups, -1), np.split(kernel, groups), strict=True):
        flat = columns.reshape(*views.shape[:3], depth), weights.reshape(-1, depth).T
        parts.append(accumulate(*flat, depth * 255 * 128))
    sums = np.concatenate(parts, axis=-1) + call.bias(2, filters)
    scales = np.float64(x_tensor.scale) * kernel_tensor.scales.astype(np.float64) / call.outputs[0].scale
    return call.finish(multiply(sums, *quantize_multiplier(scales)), options.FusedActivationFunction())

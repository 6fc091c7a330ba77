"""What TFLite Micro computes in floating point when it prepares an operator, done once, here.

The kernels get ready integers, so the program needs no floating point. Every expression keeps the precision of the
original: a product of float32 scales is another number than the product of the same scales in double.
"""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from tfcaps.quantization.simulator import tflite_rounding
from tfcaps.runtime.tflite_file import Tensor

Ints = NDArray[np.int32]


def quantize_multiplier(real: float) -> tuple[int, int]:
    """(multiplier, shift) with real = multiplier / 2^31 * 2^shift."""
    multiplier, shift = tflite_rounding.quantize_multiplier(real)
    return int(multiplier), int(shift)


def channel_multipliers(source: Tensor, kernel: Tensor, output: Tensor) -> tuple[Ints, Ints]:
    """Multipliers and shifts of a convolution or dense layer: one a channel, or one for all; products in double."""
    scales = np.float64(source.scale) * kernel.scales.astype(np.float64) / np.float64(output.scale)
    multipliers, shifts = tflite_rounding.quantize_multiplier(scales)
    return multipliers.astype(np.int32), shifts.astype(np.int32)


def activation_limits(activation: int, output: Tensor) -> tuple[int, int] | None:
    """The smallest and largest int8 value that a fused activation lets through; None for an unknown one."""
    kinds = schema.ActivationFunctionType
    limits: dict[int, tuple[float | None, float | None]] = {
        kinds.NONE: (None, None),
        kinds.RELU: (0.0, None),
        kinds.RELU6: (0.0, 6.0),
        kinds.RELU_N1_TO_1: (-1.0, 1.0),
    }
    if activation not in limits:
        return None
    low, high = limits[activation]
    return (
        -128 if low is None else max(-128, _round_to(low, output.scale) + output.zero_point),
        127 if high is None else min(127, _round_to(high, output.scale) + output.zero_point),
    )


def _round_to(value: float, scale: float) -> int:
    """`value / scale` in float32, halves away from zero."""
    quotient = np.float32(value) / np.float32(scale)
    return int(np.trunc(np.float64(quotient) + np.copysign(0.5, quotient)))

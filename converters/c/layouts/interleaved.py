"""Four filters side by side, for 32-bit RISC-V: `micro/src/tfcaps_interleaved.h` says what lies where, and why.

A convolution stays plain where it has groups, or where filling up blocks of four filters would cost more than they
save.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tfcaps.converters.c.layouts.base import Layout
from tfcaps.converters.c.ops.base import Call, Emission
from tfcaps.converters.c.ops.conv_2d import channel_scales, conv_overlaps, conv_structs
from tfcaps.converters.c.tflm_arithmetic import channel_multipliers

BLOCK = 4  # filters
INTERLEAVED = Layout("interleaved", "four filters side by side, for the many registers of 32-bit RISC-V", "rv32")


@INTERLEAVED.register("CONV_2D")
def conv_2d(call: Call) -> Emission | None:
    """Convolutions of one group."""
    call.check(2, 3)
    source, kernel, output = call.activation(), call.weights(), call.output
    count, height, width, channels = kernel.shape
    if channels != source.shape[-1] or 2 * (-(-count // BLOCK) * BLOCK) > 3 * count:
        return None
    weights = np.asarray(kernel.data).reshape(count, -1)
    bias = call.bias(2, count)
    multipliers, shifts = channel_multipliers(source, kernel, output)
    call.shift(int(shifts.max()))
    params, *dims = conv_structs(call)
    return Emission(
        "tfcaps_conv_2d_interleaved_s8(&params, &scales, &input_dims, $in0, &kernel_dims, $kernel, $bias, "
        "&output_dims, $out0)",
        [params, channel_scales(multipliers), *dims],
        {
            "kernel": interleave(weights),
            "multiplier": multipliers,
            "shift": shifts,
            "bias": both_biases(weights, np.zeros(count, np.int32) if bias is None else bias, source.zero_point),
        },
        macs=math.prod(output.shape) * height * width * channels,
        overlaps=conv_overlaps(call, params),
    )


def interleave(weights: NDArray[np.int8]) -> NDArray[np.int8]:
    """Weights [filters, taps] as [blocks, taps, 4], the last block filled up with zeros."""
    filled = np.pad(weights, [(0, -len(weights) % BLOCK), (0, 0)])
    return filled.reshape(-1, BLOCK, weights.shape[1]).transpose(0, 2, 1)


def both_biases(weights: NDArray[np.int8], bias: NDArray[np.int32], zero_point: int) -> NDArray[np.int32]:
    """The biases as they are, and those with the input's zero point folded in; they wrap as the kernels' sums do."""
    folded = bias.astype(np.int64) - zero_point * weights.astype(np.int64).sum(axis=1)
    return np.stack([bias, (folded & 0xFFFFFFFF).astype(np.uint32).view(np.int32)])

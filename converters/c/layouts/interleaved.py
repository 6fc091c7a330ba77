"""Four filters side by side, for 32-bit RISC-V: `micro/src/tfcaps_interleaved.h` says what lies where, and why.

A convolution stays plain where it has groups, where filling up blocks of four filters or groups of four positions, or
words of inputs for few filters, would cost more than they save, and where two weights are too large to be added up.
"""

from __future__ import annotations

import math

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from tfcaps.converters.c.layouts.base import Layout
from tfcaps.converters.c.ops.base import Call, Emission, scratch
from tfcaps.converters.c.ops.conv_2d import channel_scales, conv_structs, position_overlaps
from tfcaps.converters.c.tflm_arithmetic import channel_multipliers

BLOCK = 4  # filters
COLUMNS = 4  # positions in work at a time
TURN = 6  # taps
TAP_BYTES = 8  # of scratch, a tap: its inputs at four columns
LEAST, LEAST_CUT = 8, 16  # filters that words are worth, and of windows that edges cut, pixel by pixel of few channels
FEW = 4  # channels
MOST = 255  # magnitudes of a group's weights: 255 * 128 < 2^15
GROUPS = {6: -1, 3: 0, 2: 1}  # `tfcaps_interleaved_groups` by the taps of a group, the largest first
INTERLEAVED = Layout("interleaved", "four filters side by side, for the many registers of 32-bit RISC-V", "rv32")


@INTERLEAVED.register("CONV_2D")
def conv_2d(call: Call) -> Emission | None:
    """Convolutions of one group."""
    call.check(2, 3)
    source, kernel, output = call.activation(), call.weights(), call.output
    count, height, width, channels = kernel.shape
    positions = output.shape[1] * output.shape[2]
    is_cut = call.op.options.Padding() == schema.Padding.SAME and height * width > 1
    if -(-count // BLOCK) * BLOCK < (LEAST_CUT if is_cut and channels < FEW else LEAST):
        return None
    if channels != source.shape[-1] or any(
        2 * (-(-size // unit) * unit) > 3 * size for size, unit in ((count, BLOCK), (positions, COLUMNS))
    ):
        return None
    weights = np.asarray(kernel.data).reshape(count, -1)
    blocks = interleave(weights)
    if blocks is None:
        return None
    bias = call.bias(2, count)
    multipliers, shifts = channel_multipliers(source, kernel, output)
    call.shift(int(shifts.max()))
    params, *dims = conv_structs(call)
    function = "tfcaps_conv_2d_interleaved_s8"
    return Emission(
        f"{function}(&context, &params, &scales, &input_dims, $in0, &kernel_dims, $kernel, $bias, &output_dims, $out0)",
        [params, channel_scales(multipliers), *dims],
        {
            "kernel": blocks,
            "multiplier": multipliers,
            "shift": shifts,
            "bias": folded_bias(weights, np.zeros(count, np.int32) if bias is None else bias, source.zero_point),
        },
        scratch=scratch(function, params, *dims),
        wanted_scratch=TAP_BYTES * (weights.shape[1] + weights.shape[1] % 2),
        macs=math.prod(output.shape) * height * width * channels,
        overlaps=position_overlaps(call, params, COLUMNS),
    )


def interleave(weights: NDArray[np.int8]) -> NDArray[np.int8] | None:
    """The weights of `tfcaps_conv_2d_interleaved_s8`; None where two of them are too large for a group.

    Args:
        weights: int8 [filters, taps].

    Returns:
        int8 [blocks, bytes].
    """
    count, taps = weights.shape
    filled = np.pad(weights, [(0, -count % BLOCK), (-taps % TURN, 0)])
    turns = filled.reshape(-1, BLOCK, filled.shape[1] // TURN, TURN).transpose(0, 2, 3, 1)  # [block, turn, tap, filter]
    magnitudes = np.abs(turns.astype(np.int64))
    kinds = np.full(turns.shape[:2], -2)
    for size, kind in reversed(GROUPS.items()):
        sums = magnitudes.reshape(*turns.shape[:2], TURN // size, size, BLOCK).sum(axis=3)
        kinds = np.where((sums <= MOST).all(axis=(2, 3)), kind, kinds)
    if np.any(kinds == -2):
        return None
    kinds[:, 0] = GROUPS[2] if taps % TURN not in (0, TURN - 1) else kinds[:, 0]
    blocks = np.concatenate([kinds[:, :, None].astype(np.int8), turns.reshape(*turns.shape[:2], -1)], axis=2)
    absent = BLOCK * (-taps % TURN - taps % 2)  # bytes that a first turn lacks
    flat = blocks.reshape(len(blocks), -1)
    return np.concatenate([flat[:, :1], flat[:, 1 + absent :]], axis=1)


def folded_bias(weights: NDArray[np.int8], bias: NDArray[np.int32], zero_point: int) -> NDArray[np.int32]:
    """The biases with the input's zero point folded in; they wrap as the kernels' sums do."""
    folded = bias.astype(np.int64) - zero_point * weights.astype(np.int64).sum(axis=1)
    return (folded & 0xFFFFFFFF).astype(np.uint32).view(np.int32)

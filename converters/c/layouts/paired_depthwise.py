"""Taps of depthwise convolutions two by two: `micro/src/tfcaps_depthwise_paired.h` says what lies where, and why."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tfcaps.converters.c.layouts.paired import MOST_SHIFT, PAIRED, SUM_BITS
from tfcaps.converters.c.ops.base import Call, Emission, Shape, Struct
from tfcaps.converters.c.ops.conv_2d import conv_overlaps, conv_structs
from tfcaps.converters.c.tflm_arithmetic import channel_multipliers

LEAST_CHANNELS = 4  # of the input: so many are taken apart at a time
MOST_TAPS = 5  # rows and columns of a window
WORDS = {3: 10, 5: 6}  # of a row of a plane, for windows of at most 3 x 3 and 5 x 5 taps
BEHIND = 3  # words that are read behind all planes

NONE = 5  # a column that no window has
# By the size of the window and the stride: the columns of the low and the high half of each word of a row of taps.
ROWS = {
    (3, 1): [(0, 1), (1, 2)],
    (5, 1): [(0, 1), (2, 3), (1, 2), (3, 4)],
    (3, 2): [(0, 1), (2, NONE)],
    (5, 2): [(0, 1), (2, 3), (4, NONE)],
}

Ints = NDArray[np.int64]


@PAIRED.register("DEPTHWISE_CONV_2D")
def depthwise_conv_2d(call: Call) -> Emission | None:
    """Windows of at most 5 x 5 taps, one or two columns apart, of at least four input channels."""
    call.check(2, 3)
    source, kernel, output, options = call.activation(), call.weights(), call.output, call.op.options
    _, height, width, channels = kernel.shape
    if kernel.shape[0] != 1 or channels % source.shape[-1]:
        return None  # plain says what is wrong
    is_dilated = options.DilationWFactor() > 1 and width > 1
    if source.shape[-1] < LEAST_CHANNELS or max(height, width) > MOST_TAPS or options.StrideW() > 2 or is_dilated:
        return None
    weights = np.asarray(kernel.data).astype(np.int64).reshape(height, width, channels)
    file_bias = call.bias(2, channels)
    bias = np.zeros(channels, np.int64) if file_bias is None else file_bias.astype(np.int64)
    multipliers, shifts = channel_multipliers(source, kernel, output)
    rights = -np.broadcast_to(shifts, channels).astype(np.int64)
    if np.any(rights < 1) or np.any(rights > MOST_SHIFT) or not fits(weights, bias, source.zero_point):
        return None
    stages = np.stack(
        [
            np.broadcast_to(multipliers, channels).astype(np.int64),
            (1 << (rights - 1)) + output.zero_point * (1 << rights),
            rights,
            2 * bias,
        ],
        axis=1,
    )
    params, *dims = conv_structs(call)
    return Emission(
        "tfcaps_depthwise_conv_2d_paired_s8(&context, &params, &input_dims, $in0, &kernel_dims, $weights, "
        "&output_dims, $out0)",
        [params, *dims],
        {"weights": np.concatenate([stages, pair_taps(weights, options.StrideW())], axis=1).astype(np.int32)},
        wanted_scratch=planes_size(params, kernel.shape, output.shape),
        macs=math.prod(output.shape) * height * width,
        overlaps=conv_overlaps(call, params),
    )


def fits(weights: Ints, bias: Ints, zero_point: int) -> bool:
    """Whether all sums are within 30 bits and a sign.

    Args:
        weights: [height, width, channels].
        bias: [channels].
        zero_point: The input's.
    """
    ends = np.stack([(-128 - zero_point) * weights, (127 - zero_point) * weights])
    least = bias + ends.min(axis=0).sum(axis=(0, 1))
    most = bias + ends.max(axis=0).sum(axis=(0, 1))
    return bool(np.all(least >= -(1 << SUM_BITS)) and np.all(most < 1 << SUM_BITS))


def pair_taps(weights: Ints, stride: int) -> Ints:
    """Twice the weights in pairs.

    Args:
        weights: int8 values [height, width, channels], at most five columns wide.
        stride: Of the windows along the width, 1 or 2.

    Returns:
        32-bit words [channels, height * words of a row].
    """
    height, width, channels = weights.shape
    row = np.array(ROWS[size_of(height, width), stride])
    filled = np.pad(2 * weights, ((0, 0), (0, NONE + 1 - width), (0, 0)))
    low, high = filled[:, row[:, 0]], filled[:, row[:, 1]]
    words = ((high & 0xFFFF) << 16) | (low & 0xFFFF)
    return words.transpose(2, 0, 1).reshape(channels, -1).astype(np.uint32).view(np.int32).astype(np.int64)


def planes_size(params: Struct, kernel: Shape, output: Shape) -> int:
    """Bytes of all planes of a row, where windows share rows: `tfcaps_depthwise_kept_size`."""
    stride = int(params.fields["stride_width"])  # type: ignore[call-overload]
    if params.fields["dilation_height"] != 1 or params.fields["stride_height"] >= kernel[1]:
        return 0
    size = size_of(kernel[1], kernel[2])
    most = (2 * WORDS[size] - size) // stride + 1
    equal = -(-output[2] // -(-output[2] // most))
    tile = min(-(-equal // 4) * 4, most)
    blocks = -(-output[2] // tile) * -(-output[3] // LEAST_CHANNELS)
    return 4 * (blocks * kernel[1] * LEAST_CHANNELS * WORDS[size] + BEHIND)


def size_of(height: int, width: int) -> int:
    """Of the form that a window is laid out in."""
    return 3 if max(height, width) <= 3 else MOST_TAPS

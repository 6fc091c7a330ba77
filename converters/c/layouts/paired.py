"""Two filters to a halfword, for Cortex-M4, M7 and M33: `micro/src/tfcaps_paired.h` says what lies where, and why.

A convolution stays plain where the layout could not give its bits for every input there is, where it has groups, or
where it has one filter, which would be half of a pair.
"""

from __future__ import annotations

import dataclasses
import enum
import math

import numpy as np
from numpy.typing import NDArray

from tfcaps.converters.c.layouts.base import Layout
from tfcaps.converters.c.ops.base import Call, Emission, Struct, scratch
from tfcaps.converters.c.ops.conv_2d import conv_structs, position_overlaps
from tfcaps.converters.c.tflm_arithmetic import channel_multipliers

BLOCK = 2  # filters
COLUMNS = 2  # positions in work at a time
RAW_BITS, SUM_BITS = 23, 30  # of odd filters' sums where they share a word, and of all sums; without the sign
STEP_BYTES, COPIED_BYTES = 8, 4  # of scratch, a step: two taps of two columns in halfwords, and as they were
LONG = 64  # bytes of a row whose odd byte does not meet the next row's
SINGLE_STEPS, SINGLE_BYTES = 128, 4096  # of a layer whose filters may have a halfword each: twice so many bytes
MOST_SHIFT = 22  # up to which a stage's addend and the product it is added to fit together
PAIRED = Layout("paired", "two filters to a halfword, for the packed multiplications of Cortex-M4, M7 and M33", "dsp")

Ints = NDArray[np.int64]


class Form(enum.IntEnum):
    """How a layer's weights lie in halfwords: `tfcaps_paired_form`."""

    PAIRS = 0
    CARRIED = 1
    SINGLE = 2


@dataclasses.dataclass(frozen=True)
class Filters:
    """The filters of a layer, filled up to whole blocks with zeros.

    Attributes:
        weights: [filters, taps], in the order of the file.
        bias: [filters], the input's zero point folded in.
        multipliers: [filters], Q31.
        rights: [filters], shifts to the right.
    """

    weights: Ints
    bias: Ints
    multipliers: Ints
    rights: Ints


@PAIRED.register("CONV_2D")
def conv_2d(call: Call) -> Emission | None:
    """Convolutions of one group."""
    call.check(2, 3)
    source, kernel, output = call.activation(), call.weights(), call.output
    count, height, width, channels = kernel.shape
    if channels != source.shape[-1] or 2 * _filled(count) > 3 * count:
        return None
    filters = _filters_of(call)
    if not fits(filters):
        return None
    params, *dims = conv_structs(call)
    order = tap_order(width * channels, height)
    steps = len(order) // 2
    function = "tfcaps_conv_2d_paired_s8"
    return Emission(
        f"{function}(&context, &params, &input_dims, $in0, &kernel_dims, $weights, &output_dims, $out0)",
        [params, *dims],
        {"weights": lay_out(filters, order, form_of(filters, steps), output.zero_point)},
        scratch=scratch(function, params, *dims),
        wanted_scratch=steps * (STEP_BYTES + (0 if _is_inside(call, params) else COPIED_BYTES)),
        macs=math.prod(output.shape) * height * width * channels,
        overlaps=position_overlaps(call, params, COLUMNS),
    )


def _is_inside(call: Call, params: Struct) -> bool:
    """Whether the rows of all windows lie in the image as the kernel takes them."""
    values, source, kernel, output = params.fields, call.activation().shape, call.weights().shape, call.output.shape
    if values["padding_top"] or values["padding_left"] or values["dilation_width"] != 1:
        return False
    ends = [
        (output[n] - 1) * int(values[f"stride_{name}"]) + (kernel[n] - 1) * int(values[f"dilation_{name}"])
        for n, name in ((1, "height"), (2, "width"))
    ]
    return ends[0] < source[1] and ends[1] < source[2]


def _filled(filters: int) -> int:
    return -(-filters // BLOCK) * BLOCK


def _filters_of(call: Call) -> Filters:
    source, kernel = call.activation(), call.weights()
    count = kernel.shape[0]
    more = _filled(count) - count
    weights = np.asarray(kernel.data).astype(np.int64).reshape(count, -1)
    bias = call.bias(2, count)
    folded = (0 if bias is None else bias.astype(np.int64)) - source.zero_point * weights.sum(axis=1)
    multipliers, shifts = channel_multipliers(source, kernel, call.output)
    multipliers, shifts = np.broadcast_to(multipliers, count), np.broadcast_to(shifts, count)
    return Filters(
        np.pad(weights, [(0, more), (0, 0)]),
        np.pad(folded, (0, more)),
        np.pad(multipliers.astype(np.int64), (0, more)),
        np.pad(-shifts.astype(np.int64), (0, more), constant_values=1),
    )


def fits(filters: Filters) -> bool:
    """Whether sums and stages are exact for all inputs -128 ... 127."""
    if np.any(filters.weights < -127) or np.any(filters.rights < 1) or np.any(filters.rights > MOST_SHIFT):
        return False
    return _within(filters, SUM_BITS)


def is_carried(filters: Filters) -> bool:
    """Whether some odd filter's sum would not fit a word that it shares: it is carried from part to part then."""
    odd = Filters(filters.weights[1::2], filters.bias[1::2], filters.multipliers[1::2], filters.rights[1::2])
    return not _within(odd, RAW_BITS)


def _within(filters: Filters, bits: int) -> bool:
    least = filters.bias + np.minimum(-128 * filters.weights, 127 * filters.weights).sum(axis=1)
    most = filters.bias + np.maximum(-128 * filters.weights, 127 * filters.weights).sum(axis=1)
    return bool(np.all(least >= -(1 << bits)) and np.all(most < 1 << bits))


def form_of(filters: Filters, steps: int) -> Form:
    """How they lie best."""
    if steps <= SINGLE_STEPS and filters.weights.size <= SINGLE_BYTES:
        return Form.SINGLE
    return Form.CARRIED if is_carried(filters) else Form.PAIRS


def lay_out(filters: Filters, order: list[int], form: Form, zero_point: int) -> NDArray[np.int32]:
    """All words of a layer.

    Args:
        filters: What `fits`.
        order: Of the taps, from `tap_order`.
        form: How the weights lie.
        zero_point: The output's.
    """
    low, high = filters.bias[0::2], filters.bias[1::2]
    starts = {
        Form.PAIRS: [low, 256 * high + low],
        Form.CARRIED: [low, high],
        Form.SINGLE: [2 * low, 2 * high],
    }[form]
    weights = np.pad(filters.weights, [(0, 0), (0, 1)])[:, order].reshape(len(filters.weights), -1, 2)
    halves = 2 * weights if form == Form.SINGLE else 256 * weights[1::2] + weights[0::2]  # [filters or pairs, steps, 2]
    words = (halves[..., 1] << 16) | (halves[..., 0] & 0xFFFF)
    if form == Form.SINGLE:
        words = words.reshape(-1, 2, words.shape[1]).transpose(0, 2, 1)
    added = (1 << (filters.rights - 1)) + zero_point * (1 << filters.rights)
    stages = np.stack([filters.multipliers, added, filters.rights], axis=1)
    blocks = [np.stack(starts, axis=1).repeat(2, axis=1), words.reshape(len(low), -1), stages.reshape(len(low), -1)]
    everything = np.concatenate([[int(form)], np.concatenate(blocks, axis=1).ravel()])
    return (everything & 0xFFFFFFFF).astype(np.uint32).view(np.int32)


def tap_order(size: int, rows: int) -> list[int]:
    """Taps of a window two by two, as they meet in a step; size * rows stands for none.

    Args:
        size: Taps of a row of the window, in all channels.
        rows: Of the window.
    """
    whole = size // 4 * 4
    row = [n + tap for n in range(0, whole, 4) for tap in (0, 2, 1, 3)]
    row += [whole + tap for tap in ((), (), (0, 1), (0, 2))[size % 4]]
    odd = whole + (size % 4 == 3)
    together = 2 if size < LONG else 1
    order: list[int] = []
    for first in range(0, rows, together):
        meet = [n * size for n in range(first, min(first + together, rows))]
        order += [begin + tap for begin in meet for tap in row]
        if size % 2:
            order += ([begin + odd for begin in meet] + [size * rows])[:2]
    return order

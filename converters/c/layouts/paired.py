"""Two filters to a halfword, for Cortex-M4, M7 and M33: `micro/src/tfcaps_paired.h` says what lies where, and why.

A convolution stays plain where the layout could not give its bits for every input there is, where it has groups, or
where filling up blocks of four filters would cost more than pairs save.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from tfcaps.converters.c.layouts.base import Layout
from tfcaps.converters.c.ops.base import Call, Emission, scratch
from tfcaps.converters.c.ops.conv_2d import conv_overlaps, conv_structs
from tfcaps.converters.c.tflm_arithmetic import channel_multipliers

BLOCK = 4  # filters
RAW_BITS, SUM_BITS = 23, 30  # of odd filters' sums where they share a word, and of all sums; without the sign
STEP_BYTES = 8  # of scratch: two taps of two columns in halfwords; wanted for a whole window
MOST_SHIFT = 22  # up to which a stage's addend and the product it is added to fit together
PAIRED = Layout("paired", "two filters to a halfword, for the packed multiplications of Cortex-M4, M7 and M33")

Ints = NDArray[np.int64]


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
    dilated = params.fields["dilation_width"] != 1
    run = channels if dilated else width * channels
    function = "tfcaps_conv_2d_paired_s8"
    return Emission(
        f"{function}(&context, &params, &input_dims, $in0, &kernel_dims, $weights, &output_dims, $out0)",
        [params, *dims],
        {"weights": lay_out(filters, run, output.zero_point)},
        scratch=scratch(function, params, *dims),
        wanted_scratch=STEP_BYTES * (height * width * channels // run) * len(tap_order(run)) // 2,
        macs=math.prod(output.shape) * height * width * channels,
        overlaps=conv_overlaps(call, params),
    )


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


def lay_out(filters: Filters, run: int, zero_point: int) -> NDArray[np.int32]:
    """All words of a layer.

    Args:
        filters: What `fits`.
        run: Bytes of a window that lie side by side in the input.
        zero_point: The output's.
    """
    carried = is_carried(filters)
    low, high = filters.bias[0::2], filters.bias[1::2]
    odd = high if carried else 256 * high + low
    starts = np.stack([odd, low]).reshape(2, -1, 2).transpose(1, 0, 2).repeat(2, axis=2)
    order = tap_order(run)
    weights = filters.weights.reshape(len(filters.weights), -1, run)
    weights = np.pad(weights, [(0, 0), (0, 0), (0, 1)])[:, :, order].reshape(len(weights), -1, 2)  # [filters, steps, 2]
    halves = (256 * weights[1::2] + weights[0::2]) & 0xFFFF
    words = (halves[..., 1] << 16) | halves[..., 0]  # [pairs, steps]
    words = words.reshape(-1, 2, words.shape[1]).transpose(0, 2, 1)
    added = (1 << (filters.rights - 1)) + zero_point * (1 << filters.rights)
    stages = np.stack([filters.multipliers, added, filters.rights], axis=1)
    everything = np.concatenate([[int(carried)], starts.ravel(), words.ravel(), stages.ravel()])
    return (everything & 0xFFFFFFFF).astype(np.uint32).view(np.int32)


def tap_order(run: int) -> list[int]:
    """Taps of a run two by two, as they meet in a step; `run` stands for none."""
    whole = run // 4 * 4
    order = [n + tap for n in range(0, whole, 4) for tap in (0, 2, 1, 3)]
    rest: tuple[int | None, ...] = ((), (0, None), (0, 1), (0, 2, 1, None))[run % 4]
    return order + [run if tap is None else whole + tap for tap in rest]

"""Two outputs of a capsule layer to a halfword: `micro/src/tfcaps_routing_paired.h` says what lies where, and why."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from tfcaps.converters.c.layouts import padded_capsules
from tfcaps.converters.c.layouts.capsule_passes import (
    ANY,
    LEAST_INPUTS,
    PAIRED_4_TO_5,
    PAIRED_4_TO_6,
    PAIRED_4_TO_6_KEPT,
    named,
    passes_for,
)
from tfcaps.converters.c.layouts.paired import PAIRED
from tfcaps.converters.c.ops.base import Call, Emission
from tfcaps.converters.c.ops.capsules import LOGIT_BITS, emit_capsule_dense
from tfcaps.converters.c.ops.capsules import capsule_dense as plain_capsule_dense
from tfcaps.converters.c.votes import Keeping
from tfcaps.quantization.simulator import CapsuleDenseParams

MOST_TAPS = 64


@PAIRED.register(CapsuleDenseParams.OP)
def capsule_dense(call: Call) -> Emission | None:
    """Capsule layers with votes and logits of full width, four dimensions to five or six, and no weight of -128.

    Of four dimensions to another even number, and of eight to a multiple of four, the loops in assembly read the order
    of the file. Smaller sizes are padded to these; larger ones come in pairs again, with input dimensions in fours.
    """
    params = CapsuleDenseParams.from_options(call.op.custom_options)
    _, count, depth = call.activation().shape
    _, capsules, dimension = call.output.shape
    narrow = max(9, (count - 1).bit_length() - 1)
    if params.logit_bits < LOGIT_BITS or capsules > 1 << (16 - narrow):
        return None
    quick = padded_capsules.quick_sizes(depth, dimension)
    if params.vote_shift > (quick[0] == 8):
        return None
    has_lowest = np.any(np.asarray(call.weights().data) == -128)
    is_4_to_6 = depth == 4 and dimension in (5, 6) and not has_lowest
    if not is_4_to_6:
        passes = passes_for(count, *quick, capsules * quick[1], params.vote_shift)
        if quick != (depth, dimension):
            return padded_capsules.capsule_dense(call, *quick, passes)
        if passes != ANY:
            plain = plain_capsule_dense(call)
            return dataclasses.replace(plain, call=named(plain.call, passes))
        if depth <= 8 and dimension > 1:
            return None
    if depth % 4 or depth > MOST_TAPS or has_lowest or params.vote_shift:
        return None
    emission = emit_capsule_dense(call, Keeping.QUICKER)
    words = pair_words(np.asarray(emission.constants["kernel"]), capsules)
    made, kept = (
        emission.call.replace("tfcaps_capsule_dense_s8(", f"tfcaps_capsule_dense_paired{policy}_s8(")
        for policy in ("", "_kept")
    )
    if is_4_to_6 and count >= LEAST_INPUTS:
        made = named(emission.call, PAIRED_4_TO_5 if dimension == 5 else PAIRED_4_TO_6)
        kept = kept if count % 2 else named(emission.call, PAIRED_4_TO_6_KEPT)
    return dataclasses.replace(
        emission,
        call=kept if 0 < emission.wanted_scratch <= emission.scratch else made,
        wanted_call=kept,
        constants={**emission.constants, "kernel": words},
    )


def pair_words(kernel: NDArray[np.int8], capsules: int) -> NDArray[np.int32]:
    """The kernel of `tfcaps_capsule_dense_paired_s8`.

    Args:
        kernel: int8 [I, J * D, K], K in fours, no element -128, whose negative is no int8.
        capsules: J.

    Returns:
        int32 [I, J, ceil(D / 2), K / 2].
    """
    inputs, outputs, depth = kernel.shape
    dimension = outputs // capsules
    filled = np.zeros((inputs, capsules, dimension + dimension % 2, depth), np.int64)
    filled[:, :, :dimension] = kernel.reshape(inputs, capsules, dimension, depth)
    pairs = filled.reshape(inputs, capsules, -1, 2, depth)
    halves = 256 * pairs[:, :, :, 1] - pairs[:, :, :, 0]
    fours = halves.reshape(*halves.shape[:3], -1, 4)  # of each: taps 2 and 0, then 3 and 1
    words = 65536 * -fours[..., :2] + (fours[..., 2:] & 0xFFFF)
    return words.reshape(*words.shape[:3], -1).astype(np.uint32).view(np.int32)

"""Two outputs of a capsule layer to a halfword: `micro/src/tfcaps_routing_paired.h` says what lies where, and why."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from tfcaps.converters.c.layouts.paired import PAIRED
from tfcaps.converters.c.ops.base import Call, Emission
from tfcaps.converters.c.ops.capsules import LOGIT_BITS, emit_capsule_dense
from tfcaps.converters.c.votes import Keeping
from tfcaps.quantization.simulator import CapsuleDenseParams

MOST_TAPS = 64


@PAIRED.register(CapsuleDenseParams.OP)
def capsule_dense(call: Call) -> Emission | None:
    """Capsule layers with votes and logits of full width, input dimensions in fours and no weight of -128.

    Of four dimensions to an even number other than six, and of eight to a multiple of four, the loops in assembly
    read the order of the file.
    """
    params = CapsuleDenseParams.from_options(call.op.custom_options)
    _, count, depth = call.activation().shape
    _, capsules, dimension = call.output.shape
    narrow = max(9, (count - 1).bit_length() - 1)
    if depth % 4 or depth > MOST_TAPS or params.vote_shift or params.logit_bits < LOGIT_BITS:
        return None
    if (depth == 4 and dimension % 2 == 0 and dimension != 6) or (depth == 8 and dimension % 4 == 0):
        return None
    if capsules > 1 << (16 - narrow) or np.any(np.asarray(call.weights().data) == -128):
        return None
    emission = emit_capsule_dense(call, Keeping.QUICKER)
    words = pair_words(np.asarray(emission.constants["kernel"]), capsules)
    made, kept = (
        emission.call.replace("tfcaps_capsule_dense_s8(", f"tfcaps_capsule_dense_paired{policy}_s8(")
        for policy in ("", "_kept")
    )
    return dataclasses.replace(
        emission,
        call=kept if 0 < emission.wanted_scratch <= emission.scratch else made,
        wanted_call=kept,
        constants={**emission.constants, "kernel": words},
    )


def pair_words(kernel: NDArray[np.int8], capsules: int) -> NDArray[np.int32]:
    """The kernel of `tfcaps_capsule_dense_paired_s8`.

    Args:
        kernel: int8 [I, J * D, K], K in fours, no element -128, which would not fit beside a negative one.
        capsules: J.

    Returns:
        int32 [I, J, ceil(D / 2), K / 2].
    """
    inputs, outputs, depth = kernel.shape
    dimension = outputs // capsules
    filled = np.zeros((inputs, capsules, dimension + dimension % 2, depth), np.int64)
    filled[:, :, :dimension] = kernel.reshape(inputs, capsules, dimension, depth)
    pairs = filled.reshape(inputs, capsules, -1, 2, depth)
    halves = 256 * pairs[:, :, :, 1] + pairs[:, :, :, 0]
    fours = halves.reshape(*halves.shape[:3], -1, 4)  # of each: taps 0 and 2, then 1 and 3
    words = 65536 * fours[..., 2:] + (fours[..., :2] & 0xFFFF)
    return words.reshape(*words.shape[:3], -1).astype(np.uint32).view(np.int32)

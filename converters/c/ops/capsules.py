"""The three capsule operators; their options are ready integers."""

from __future__ import annotations

import math

import numpy as np

from tfcaps.converters.c import votes
from tfcaps.converters.c.ops.base import EMITTERS, Call, Emission, Shape, Struct, in_place, scratch
from tfcaps.quantization.simulator import CapsuleDenseParams, LengthParams, SquashParams

LOGIT_BITS = 24  # the most fraction bits of logits


def _capsules(shape: Shape) -> Struct:
    return Struct("tfcaps_capsules_dims", "dims", {"capsules": math.prod(shape[:-1]), "dimension": shape[-1]})


@EMITTERS.register(SquashParams.OP)
def squash(call: Call) -> Emission:
    """Capsules to capsules, in place where that helps."""
    params = SquashParams.from_options(call.op.custom_options)
    shape = call.activation().shape
    fields = {
        "input_zero_point": params.input_zero_point,
        "inverse_square_scale": f"{params.inverse_square_scale}u",
    }
    return Emission(
        "tfcaps_squash_s8(&params, &dims, $in0, $out0)",
        [Struct("tfcaps_squash_params", "params", fields), _capsules(shape)],
        overlaps=in_place(call, 0),
    )


@EMITTERS.register(LengthParams.OP)
def length(call: Call) -> Emission:
    """Capsules to lengths."""
    params = LengthParams.from_options(call.op.custom_options)
    shape = call.activation().shape
    fields = {key: getattr(params, key) for key in LengthParams.RANGES}
    order = ("input_zero_point", "output_zero_point", "multiplier", "shift")
    return Emission(
        "tfcaps_length_s8(&params, &dims, $in0, $out0)",
        [Struct("tfcaps_length_params", "params", {key: fields[key] for key in order}), _capsules(shape)],
    )


def keeping(call: Call, depth: int, dimension: int) -> votes.Keeping:
    """What the kernels do with room for all votes, where a capsule layer has these K and D for them."""
    params = CapsuleDenseParams.from_options(call.op.custom_options)
    _, count, _ = call.activation().shape
    _, capsules, _ = call.output.shape
    near_exps = params.logit_bits >= LOGIT_BITS and capsules <= 1 << (16 - max(9, (count - 1).bit_length() - 1))
    return votes.keeping(call.kernels, votes.Shape(depth, capsules, dimension, params.vote_shift, near_exps))


@EMITTERS.register(CapsuleDenseParams.OP)
def capsule_dense(call: Call) -> Emission:
    """Votes and routing. MACs: votes once, then each iteration's weighted sum and agreement."""
    return emit_capsule_dense(call, keeping(call, call.activation().shape[-1], call.output.shape[-1]))


def emit_capsule_dense(call: Call, found: votes.Keeping) -> Emission:
    """The same for kernels that keep votes so."""
    params = CapsuleDenseParams.from_options(call.op.custom_options)
    batches, count, depth = call.activation().shape
    _, capsules, dimension = call.output.shape
    kernel, bias = call.weights().data, call.bias(2, capsules * dimension)
    fields: dict[str, int | str] = {
        key: getattr(params, key)
        for key in ("input_zero_point", "iterations", "leaky", "vote_shift", "sum_shift", "logit_shift", "logit_bits")
    }
    dims = Struct(
        "tfcaps_capsule_dense_dims",
        "dims",
        {
            "batches": batches,
            "input_capsules": count,
            "input_dimension": depth,
            "output_capsules": capsules,
            "output_dimension": dimension,
        },
    )
    constants = {"kernel": np.asarray(kernel), "multiplier": np.asarray(params.multiplier).astype(np.int32)}
    if bias is not None:
        constants["bias"] = bias
    vote_count = batches * count * capsules * dimension
    least = scratch("tfcaps_capsule_dense_s8", dims)
    wanted = 0
    quicker = found is votes.Keeping.QUICKER and call.votes == "auto"
    forced = found is not votes.Keeping.NEVER and call.votes == "keep"
    if params.iterations > 1 and (quicker or forced):
        wanted = scratch("tfcaps_capsule_dense_s8_kept", dims)
    bias_name = "NULL" if bias is None else "$bias"
    return Emission(
        f"tfcaps_capsule_dense_s8(&context, &params, &dims, $in0, $kernel, {bias_name}, $out0)",
        [
            Struct(
                "tfcaps_capsule_dense_params",
                "params",
                {**fields, "multiplier_count": capsules * dimension, "multiplier": "$multiplier"},
            ),
            dims,
        ],
        constants,
        scratch=max(least, wanted) if call.votes == "keep" else least,
        wanted_scratch=wanted,
        policies=votes.POLICIES if params.iterations > 1 else (),
        macs=vote_count * (depth + 2 * params.iterations - 1),
    )

"""Capsule layers of other sizes than the quick loops have, by way of sizes that they do have."""

from __future__ import annotations

import dataclasses

import numpy as np

from tfcaps.converters.c.layouts.capsule_passes import ANY
from tfcaps.converters.c.ops.base import Call, Emission, Struct, scratch
from tfcaps.converters.c.ops.capsules import emit_capsule_dense, keeping
from tfcaps.quantization.simulator import CapsuleDenseParams

LANES = 4  # input capsules that `micro/src/tfcaps_routing_mve.c` takes at a time
MOST_OF_HELIUM = 32  # dimensions of theirs


def quick_sizes(depth: int, dimension: int) -> tuple[int, int]:
    """The next K and D that the loops of `micro/src/tfcaps_passes_*.c` are made for; as they are where none is near.

    Zeros change nothing but the guard bits of squash, and these only where D passes a power of four, as 1 does.
    """
    if depth > 8 or dimension == 1:
        return depth, dimension
    quick, multiple = (4, 2) if depth <= 4 else (8, 4)
    return quick, -(-dimension // multiple) * multiple


def quick_depth(call: Call) -> int:
    """The next K of a capsule layer that processors without these have a loop for: 4 anywhere, all fours in Helium."""
    params = CapsuleDenseParams.from_options(call.op.custom_options)
    _, count, depth = call.activation().shape
    fours = -(-depth // 4) * 4
    if call.kernels == "mve" and params.input_zero_point == 0 and count >= LANES and fours <= MOST_OF_HELIUM:
        return fours
    return max(depth, 4)


def capsule_dense(call: Call, depth: int, dimension: int, passes: str = ANY) -> Emission:
    """A capsule layer with weights of zero behind the end of every input capsule and of every output capsule.

    Votes of zeros take as long as others: with K = 3 and D = 7 a third and a seventh more. The loops save far more.

    Args:
        call: The layer.
        depth: K that input capsules are filled up to.
        dimension: D of output capsules, with no power of four between the layer's own and this one.
        passes: What goes over input capsules of these sizes, by its name in C.
    """
    emission = emit_capsule_dense(call, keeping(call, depth, dimension))
    (params, dims) = emission.structs
    inputs, outputs, own_depth = np.shape(emission.constants["kernel"])
    capsules = call.output.shape[1]
    own_dimension = outputs // capsules
    behind = dimension - own_dimension

    def by_capsule(values: np.ndarray) -> np.ndarray:
        return np.pad(values.reshape(capsules, own_dimension), ((0, 0), (0, behind))).reshape(-1)

    kernel = emission.constants["kernel"].reshape(inputs, capsules, own_dimension, own_depth)
    kernel = np.pad(kernel, ((0, 0), (0, 0), (0, behind), (0, depth - own_depth)))
    dims = Struct(dims.type, dims.name, {**dims.fields, "input_dimension": depth, "output_dimension": dimension})
    params = Struct(params.type, params.name, {**params.fields, "multiplier_count": capsules * dimension})
    least, wanted = scratch("tfcaps_capsule_dense_padded_s8", dims), 0
    if emission.wanted_scratch:
        wanted = scratch("tfcaps_capsule_dense_padded_s8_kept", dims)
    return dataclasses.replace(
        emission,
        call=emission.call.replace("tfcaps_capsule_dense_s8(", f"tfcaps_capsule_dense_padded_s8(&{passes}, ").replace(
            "&dims, ", f"&dims, {own_depth}, {own_dimension}, "
        ),
        structs=[params, dims],
        constants={
            **{role: by_capsule(values) for role, values in emission.constants.items() if role != "kernel"},
            "kernel": kernel.reshape(inputs, capsules * dimension, depth),
        },
        scratch=max(least, wanted) if call.votes == "keep" else least,
        wanted_scratch=wanted,
    )

"""Capsule layers of other sizes than the quick loops have, by way of sizes that they do have."""

from __future__ import annotations

import dataclasses

import numpy as np

from tfcaps.converters.c.ops.base import Call, Emission, Struct, scratch
from tfcaps.converters.c.ops.capsules import capsule_dense as plain_capsule_dense


def quick_sizes(depth: int, dimension: int) -> tuple[int, int]:
    """The next K and D that the loops of `micro/src/tfcaps_routing_dsp.c` are made for; as they are where none is near.

    Zeros change nothing but the guard bits of squash, and these only where D passes a power of four, as 1 does.
    """
    if depth > 8 or dimension == 1:
        return depth, dimension
    quick, multiple = (4, 2) if depth <= 4 else (8, 4)
    return quick, -(-dimension // multiple) * multiple


def capsule_dense(call: Call) -> Emission:
    """A capsule layer with weights of zero behind the end of every input capsule and of every output capsule.

    Votes of zeros take as long as others: with K = 3 and D = 7 a third and a seventh more. The loops save far more.
    """
    emission = plain_capsule_dense(call)
    (params, dims) = emission.structs
    inputs, _, depth = np.shape(emission.constants["kernel"])
    _, capsules, dimension = call.output.shape
    padded_depth, padded_dimension = quick_sizes(depth, dimension)
    behind = padded_dimension - dimension

    def by_capsule(values: np.ndarray) -> np.ndarray:
        return np.pad(values.reshape(capsules, dimension), ((0, 0), (0, behind))).reshape(-1)

    kernel = emission.constants["kernel"].reshape(inputs, capsules, dimension, depth)
    kernel = np.pad(kernel, ((0, 0), (0, 0), (0, behind), (0, padded_depth - depth)))
    dims = Struct(
        dims.type,
        dims.name,
        {**dims.fields, "input_dimension": padded_depth, "output_dimension": padded_dimension},
    )
    params = Struct(params.type, params.name, {**params.fields, "multiplier_count": capsules * padded_dimension})
    sizes = f"{depth}, {dimension}"
    return dataclasses.replace(
        emission,
        call=emission.call.replace("tfcaps_capsule_dense_s8(", "tfcaps_capsule_dense_padded_s8(").replace(
            "&dims, ", f"&dims, {sizes}, "
        ),
        structs=[params, dims],
        constants={
            **{role: by_capsule(values) for role, values in emission.constants.items() if role != "kernel"},
            "kernel": kernel.reshape(inputs, capsules * padded_dimension, padded_depth),
        },
        scratch=scratch("tfcaps_capsule_dense_padded_s8", dims),
        wanted_scratch=0,
        policies=emission.policies[:1] * 2,
    )

"""GATHER: slices of a tensor by number, such as the input capsules that pruning left."""

from __future__ import annotations

import math

import numpy as np

from tfcaps.converters.c.ops.base import EMITTERS, Call, Emission, Overlap, Struct


@EMITTERS.register("GATHER")
def gather(call: Call) -> Emission:
    """By constant int32 numbers. Rising ones can do their work in place: no slice moves up."""
    call.check(2)
    source, options = call.activation(), call.op.options
    call.same_quantization(source)
    if source.data is not None:
        raise call.fail("expected an input that is no constant")
    indices, rank = call.constant(1, np.int32), len(source.shape)
    axis = options.Axis() if options is not None else 0
    if not -rank <= axis < rank or (options is not None and options.BatchDims()):
        raise call.fail(f"expected an axis of {rank} dimensions and no batch_dims, got axis {axis}")
    axis %= rank
    size = source.shape[axis]
    if indices.size == 0 or indices.min() < 0 or indices.max() >= size:
        raise call.fail(f"expected indices of {size} slices, got {indices.ravel().tolist()[:8]}")
    if source.shape[:axis] + indices.shape + source.shape[axis + 1 :] != call.output.shape:
        raise call.fail(
            f"{list(indices.shape)} slices of {list(source.shape)} along axis {axis} do not make "
            f"{list(call.output.shape)}"
        )
    outer, chosen = math.prod(source.shape[:axis]), indices.ravel()
    fields = {
        "outer": outer,
        "size": size,
        "inner": math.prod(source.shape[axis + 1 :]),
        "count": chosen.size,
        "indices": "$indices",
    }
    return Emission(
        "tfcaps_gather_s8(&params, $in0, $out0)",
        [Struct("tfcaps_gather_params", "params", fields)],
        {"indices": chosen},
        overlaps=[Overlap()] if outer == 1 and bool(np.all(np.diff(chosen) > 0)) else [],
    )

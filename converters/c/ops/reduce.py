"""SUM and MEAN."""

from __future__ import annotations

import math

import numpy as np

from tfcaps.converters.c.ops.base import EMITTERS, Call, Emission, Struct, shape_struct
from tfcaps.quantization.simulator.ops.mean import MAX_VALUES, sum_multiplier


@EMITTERS.register("SUM")
@EMITTERS.register("MEAN")
def reduce(call: Call) -> Emission:
    """Along constant axes."""
    call.check(2)
    source, output = call.activation(), call.output
    rank = len(source.shape)
    given = [int(axis) for axis in call.constant(1, np.int32).ravel()]
    if any(not -rank <= axis < rank for axis in given):
        raise call.fail(f"expected axes of {rank} dimensions, got {given}")
    axes = sorted({axis % rank for axis in given})
    count = math.prod(source.shape[axis] for axis in axes)
    if count > MAX_VALUES or count * math.prod(output.shape) != math.prod(source.shape):
        raise call.fail(f"axes {given} of {list(source.shape)} do not make {list(output.shape)}")
    divisor = count if call.op.name == "MEAN" else 1
    multiplier, shift = sum_multiplier(source.scale, output.scale, divisor)
    params = {
        "axes": sum(1 << axis for axis in axes),
        "input_zero_point": source.zero_point,
        "output_zero_point": output.zero_point,
        "output_multiplier": multiplier,
        "output_shift": call.shift(shift),
    }
    return Emission(
        "tfcaps_sum_s8(&params, &input_shape, $in0, $out0)",
        [Struct("tfcaps_sum_params", "params", params), shape_struct(call, "input_shape", source.shape)],
    )

"""FULLY_CONNECTED."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from tfcaps.converters.c.ops.base import EMITTERS, Call, Emission, Struct, scratch
from tfcaps.converters.c.ops.conv_2d import channel_scales, with_bias
from tfcaps.converters.c.tflm_arithmetic import channel_multipliers


@EMITTERS.register("FULLY_CONNECTED")
def fully_connected(call: Call) -> Emission:
    """Rows of [depth] to rows of [units]."""
    call.check(2, 3)
    source, kernel, output = call.activation(), call.weights(), call.output
    if call.op.options.WeightsFormat() != schema.FullyConnectedOptionsWeightsFormat.DEFAULT:
        raise call.fail("expected weights in their default format")
    units, depth = kernel.shape
    rows = math.prod(source.shape) // depth
    params = Struct(
        "tfcaps_fully_connected_params",
        "params",
        {
            "input_zero_point": source.zero_point,
            "output_zero_point": output.zero_point,
            **call.limits(call.op.options.FusedActivationFunction()),
        },
    )
    dims = Struct("tfcaps_fully_connected_dims", "dims", {"rows": rows, "depth": depth, "units": units})
    multipliers, shifts = channel_multipliers(source, kernel, output)
    call.shift(int(shifts.max()))
    constants: dict[str, NDArray[Any]] = {
        "kernel": np.asarray(kernel.data),
        "multiplier": multipliers,
        "shift": shifts,
    }
    bias = with_bias(constants, call.bias(2, units))
    return Emission(
        f"tfcaps_fully_connected_s8(&context, &params, &scales, &dims, $in0, $kernel, {bias}, $out0)",
        [params, channel_scales(multipliers), dims],
        constants,
        scratch=scratch("tfcaps_fully_connected_s8", dims),
        macs=rows * depth * units,
    )

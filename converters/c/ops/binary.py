"""ADD, SUB, MUL, MAXIMUM and MINIMUM, broadcast; in place where an input is as large as the output."""

from __future__ import annotations

import numpy as np

from tfcaps.converters.c.ops.base import EMITTERS, Call, Emission, Struct, in_place, shape_struct
from tfcaps.converters.c.tflm_arithmetic import quantize_multiplier

_LEFT_SHIFT = 20


@EMITTERS.register("ADD")
@EMITTERS.register("SUB")
def add(call: Call) -> Emission:
    """Both inputs are brought to twice the larger scale first."""
    call.check(2)
    x, y = call.activation(0), call.activation(1)
    twice = 2 * max(x.scale, y.scale)
    real = x.scale / twice, y.scale / twice, twice / (2.0**_LEFT_SHIFT * call.output.scale)
    (m1, s1), (m2, s2), (m3, s3) = (quantize_multiplier(value) for value in real)
    if max(s1, s2) > 0 or s3 > 0:
        raise call.fail("the output's scale is too small for those of the inputs")
    fields = {
        "left_shift": _LEFT_SHIFT,
        "input1_zero_point": x.zero_point,
        "input1_multiplier": m1,
        "input1_shift": s1,
        "input2_zero_point": y.zero_point,
        "input2_multiplier": m2,
        "input2_shift": s2,
        "output_zero_point": call.output.zero_point,
        "output_multiplier": m3,
        "output_shift": s3,
        **call.limits(call.op.options.FusedActivationFunction()),
    }
    return _binary(call, call.op.name.lower(), [Struct("tfcaps_add_params", "params", fields)])


@EMITTERS.register("MUL")
def mul(call: Call) -> Emission:
    """One product of three scales."""
    call.check(2)
    x, y = call.activation(0), call.activation(1)
    multiplier, shift = quantize_multiplier(x.scale * y.scale / call.output.scale)
    fields = {
        "input1_zero_point": x.zero_point,
        "input2_zero_point": y.zero_point,
        "output_zero_point": call.output.zero_point,
        "output_multiplier": multiplier,
        "output_shift": call.shift(shift),
        **call.limits(call.op.options.FusedActivationFunction()),
    }
    return _binary(call, "mul", [Struct("tfcaps_mul_params", "params", fields)])


@EMITTERS.register("MAXIMUM")
@EMITTERS.register("MINIMUM")
def extreme(call: Call) -> Emission:
    """All three tensors share scale and zero point."""
    call.check(2)
    call.same_quantization(call.activation(0), call.activation(1))
    return _binary(call, call.op.name.lower(), [])


def _binary(call: Call, kind: str, params: list[Struct]) -> Emission:
    x, y = call.activation(0), call.activation(1)
    shapes = [
        shape_struct(call, "input1_shape", x.shape),
        shape_struct(call, "input2_shape", y.shape),
        shape_struct(call, "output_shape", call.output.shape),
    ]
    try:
        fits = np.broadcast_shapes(x.shape, y.shape) == call.output.shape
    except ValueError:
        fits = False
    if not fits:
        raise call.fail(f"shapes {list(x.shape)} and {list(y.shape)} do not make {list(call.output.shape)}")
    constants = {f"input{n + 1}": tensor.data for n, tensor in enumerate((x, y)) if tensor.data is not None}
    names = [f"$input{n + 1}" if f"input{n + 1}" in constants else f"$in{n}" for n in range(2)]
    first = "&params, " if params else ""
    return Emission(
        f"tfcaps_{kind}_s8({first}&input1_shape, {names[0]}, &input2_shape, {names[1]}, &output_shape, $out0)",
        [*params, *shapes],
        constants,
        overlaps=in_place(call, 0, 1),
    )

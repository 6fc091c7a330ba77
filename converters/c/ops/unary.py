"""Operators value by value, all of them tables of 256; and SOFTMAX."""

from __future__ import annotations

import math

from tfcaps.converters.c import lookup_tables
from tfcaps.converters.c.ops.base import EMITTERS, Call, Emission, Struct, in_place
from tfcaps.converters.c.tflm_arithmetic import quantize_multiplier

_MAX_SOFTMAX_DEPTH = 4095


def _lookup(call: Call, table: lookup_tables.Table) -> Emission:
    call.check(1)
    size = math.prod(call.output.shape)
    if math.prod(call.activation().shape) != size:
        raise call.fail("expected an output of the input's size")
    return Emission(
        f"tfcaps_lookup_s8($table, {size}, $in0, $out0)", constants={"table": table}, overlaps=in_place(call, 0)
    )


@EMITTERS.register("QUANTIZE")
def quantize(call: Call) -> Emission:
    """From one int8 scale to another; those from and to floats lie at the edges and are the caller's."""
    call.check(1)
    return _lookup(call, lookup_tables.requantize(call.activation(), call.output))


@EMITTERS.register("RELU")
def relu(call: Call) -> Emission:
    """A layer of its own."""
    call.check(1)
    return _lookup(call, lookup_tables.relu(call.activation(), call.output))


@EMITTERS.register("RELU6")
def relu6(call: Call) -> Emission:
    """A layer of its own; the reference kernel does not rescale."""
    call.check(1)
    call.same_quantization(call.activation())
    return _lookup(call, lookup_tables.relu6(call.activation(), call.output))


@EMITTERS.register("LEAKY_RELU")
def leaky_relu(call: Call) -> Emission:
    """With the file's alpha."""
    call.check(1)
    if call.op.options is None:
        raise call.fail("expected LeakyReluOptions")
    alpha = call.op.options.Alpha()
    if not math.isfinite(alpha):
        raise call.fail(f"expected a finite alpha, got {alpha}")
    return _lookup(call, lookup_tables.leaky_relu(call.activation(), call.output, alpha))


@EMITTERS.register("HARD_SWISH")
def hard_swish(call: Call) -> Emission:
    """The reference takes no output scale below 1/128 of the input's."""
    call.check(1)
    if quantize_multiplier(call.activation().scale / 128 / call.output.scale)[1] > 0:
        raise call.fail("the output's scale is too small for the input's")
    return _lookup(call, lookup_tables.hard_swish(call.activation(), call.output))


@EMITTERS.register("LOGISTIC")
def logistic(call: Call) -> Emission:
    """Output scale 1/256."""
    call.check(1)
    if (call.output.scale, call.output.zero_point) != (1 / 256, -128):
        raise call.fail("expected output scale 1/256 and zero point -128")
    return _lookup(call, lookup_tables.logistic(call.activation()))


@EMITTERS.register("TANH")
def tanh(call: Call) -> Emission:
    """Output scale 1/128."""
    call.check(1)
    if (call.output.scale, call.output.zero_point) != (1 / 128, 0):
        raise call.fail("expected output scale 1/128 and zero point 0")
    return _lookup(call, lookup_tables.tanh(call.activation()))


@EMITTERS.register("SOFTMAX")
def softmax(call: Call) -> Emission:
    """Over the last dimension; output scale 1/256."""
    call.check(1)
    source, output = call.activation(), call.output
    depth, beta = source.shape[-1] if source.shape else 1, call.op.options.Beta()
    if (output.scale, output.zero_point) != (1 / 256, -128):
        raise call.fail("expected output scale 1/256 and zero point -128")
    if depth > _MAX_SOFTMAX_DEPTH or source.shape != output.shape:
        raise call.fail(f"expected input and output of one shape and at most {_MAX_SOFTMAX_DEPTH} values a row")
    if not beta * source.scale * 2**26 > 1:
        raise call.fail("the input's scale times beta is too small")
    rows = math.prod(source.shape) // depth
    return Emission(
        "tfcaps_softmax_s8(&params, &dims, $in0, $out0)",
        [
            Struct("tfcaps_softmax_params", "params", {"exp_table": "$exponentials"}),
            Struct("tfcaps_softmax_dims", "dims", {"rows": rows, "depth": depth}),
        ],
        {"exponentials": lookup_tables.softmax_exponentials(source, beta)},
        overlaps=in_place(call, 0),
    )

"""Operators value by value, all of them tables of 256; and SOFTMAX."""

from __future__ import annotations

import math

from tfcaps.converters.c.ops.base import EMITTERS, Call, Emission, Struct, in_place
from tfcaps.quantization.simulator.ops.lookup import TABLES
from tfcaps.quantization.simulator.ops.softmax import MAX_DEPTH, exp_table


@EMITTERS.register("QUANTIZE")
@EMITTERS.register("RELU")
@EMITTERS.register("RELU6")
@EMITTERS.register("LEAKY_RELU")
@EMITTERS.register("HARD_SWISH")
@EMITTERS.register("LOGISTIC")
@EMITTERS.register("TANH")
def lookup(call: Call) -> Emission:
    """The simulator's table. QUANTIZE from and to floats lies at the edges and is the caller's."""
    call.check(1)
    source, size = call.activation(), math.prod(call.output.shape)
    if math.prod(source.shape) != size:
        raise call.fail("expected an output of the input's size")
    return Emission(
        f"tfcaps_lookup_s8($table, {size}, $in0, $out0)",
        constants={"table": TABLES[call.op.name](call.op, source, call.output)},
        overlaps=in_place(call, 0),
    )


@EMITTERS.register("SOFTMAX")
def softmax(call: Call) -> Emission:
    """Over the last dimension; output scale 1/256."""
    call.check(1)
    source, output, beta = call.activation(), call.output, call.op.options.Beta()
    depth = source.shape[-1] if source.shape else 1
    if (output.scale, output.zero_point) != (1 / 256, -128):
        raise call.fail("expected output scale 1/256 and zero point -128")
    if depth > MAX_DEPTH or source.shape != output.shape:
        raise call.fail(f"expected input and output of one shape and at most {MAX_DEPTH} values a row")
    if not beta * source.scale * 2**26 > 1:
        raise call.fail("the input's scale times beta is too small")
    return Emission(
        "tfcaps_softmax_s8(&params, &dims, $in0, $out0)",
        [
            Struct("tfcaps_softmax_params", "params", {"exp_table": "$exponentials"}),
            Struct("tfcaps_softmax_dims", "dims", {"rows": math.prod(source.shape) // depth, "depth": depth}),
        ],
        {"exponentials": exp_table(source.scale, beta)},
        overlaps=in_place(call, 0),
    )

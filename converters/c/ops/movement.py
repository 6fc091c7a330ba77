"""Operators that only move values: RESHAPE and its like, PAD, TRANSPOSE, CONCATENATION, SPLIT, STRIDED_SLICE."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tfcaps.converters.c.ops.base import EMITTERS, Call, Emission, Overlap, Struct, pad_rank, shape_struct
from tfcaps.runtime.tflite_file import Tensor


@EMITTERS.register("RESHAPE")
@EMITTERS.register("SQUEEZE")
@EMITTERS.register("EXPAND_DIMS")
def reshape(call: Call) -> Emission:
    """No code at all."""
    source = call.activation()
    if source.data is not None or math.prod(source.shape) != math.prod(call.output.shape) or len(call.outputs) != 1:
        raise call.fail("expected an output of the input's size, and an input that is no constant")
    call.same_quantization(source)
    return Emission("")


@EMITTERS.register("PAD")
@EMITTERS.register("PADV2")
def pad(call: Call) -> Emission:
    """With zeros, or with PADV2's constant."""
    call.check(2, 3)
    source = call.activation()
    paddings = call.constant(1, np.int32).reshape(-1, 2)
    call.same_quantization(source)
    value = call.output.zero_point
    if len(call.inputs) > 2:
        constant = call.inputs[2]
        value = int(call.constant(2, np.int8).ravel()[0])
        if constant is not None:
            call.same_quantization(constant)
    expected = tuple(int(size + sum(ends)) for size, ends in zip(source.shape, paddings, strict=False))
    if len(paddings) != len(source.shape) or np.any(paddings < 0) or expected != call.output.shape:
        raise call.fail(f"paddings of {list(source.shape)} do not make {list(call.output.shape)}")
    shape = shape_struct(call, "input_shape", source.shape)
    fields = {"before": pad_rank(paddings[:, 0]), "after": pad_rank(paddings[:, 1]), "value": value}
    return Emission(
        "tfcaps_pad_s8(&params, &input_shape, $in0, $out0)", [Struct("tfcaps_pad_params", "params", fields), shape]
    )


@EMITTERS.register("TRANSPOSE")
def transpose(call: Call) -> Emission:
    """By a constant permutation."""
    call.check(2)
    source = call.activation()
    call.same_quantization(source)
    order = [int(axis) % max(1, len(source.shape)) for axis in call.constant(1, np.int32).ravel()]
    if sorted(order) != list(range(len(source.shape))) or [source.shape[n] for n in order] != list(call.output.shape):
        raise call.fail(f"permutation {order} of {list(source.shape)} does not make {list(call.output.shape)}")
    shape = shape_struct(call, "input_shape", source.shape)
    params = Struct("tfcaps_transpose_params", "params", {"permutation": pad_rank(order)})
    return Emission("tfcaps_transpose_s8(&params, &input_shape, $in0, $out0)", [params, shape])


@EMITTERS.register("STRIDED_SLICE")
def strided_slice(call: Call) -> Emission:
    """Constant bounds; masks of begin, end and shrunk axes, no ellipsis and no new axes."""
    call.check(4)
    source, options = call.activation(), call.op.options
    call.same_quantization(source)
    rank = len(source.shape)
    begin, end, stride = ([int(n) for n in call.constant(position, np.int32).ravel()] for position in (1, 2, 3))
    if options is None or options.EllipsisMask() or options.NewAxisMask() or options.Offset():
        raise call.fail("expected neither ellipsis nor new axes")
    if not len(begin) == len(end) == len(stride) == rank or 0 in stride:
        raise call.fail(f"expected begin, end and stride of {rank} dimensions")
    ranges = []
    for axis, size in enumerate(source.shape):
        bounds = slice(
            None if options.BeginMask() >> axis & 1 else begin[axis],
            None if options.EndMask() >> axis & 1 else end[axis],
            stride[axis],
        )
        found = range(size)[bounds]
        if options.ShrinkAxisMask() >> axis & 1:
            found = range(size)[begin[axis] :][:1]
        ranges.append(found)
    kept = [len(found) for axis, found in enumerate(ranges) if not options.ShrinkAxisMask() >> axis & 1]
    if kept != list(call.output.shape) or any(len(found) == 0 for found in ranges):
        raise call.fail(f"the slice of {list(source.shape)} does not make {list(call.output.shape)}")
    fields = {"begin": pad_rank([r.start for r in ranges]), "stride": pad_rank([r.step for r in ranges], 1)}
    return Emission(
        "tfcaps_strided_slice_s8(&params, &input_shape, $in0, &output_shape, $out0)",
        [
            Struct("tfcaps_strided_slice_params", "params", fields),
            shape_struct(call, "input_shape", source.shape),
            shape_struct(call, "output_shape", tuple(len(found) for found in ranges)),
        ],
    )


@EMITTERS.register("CONCATENATION")
def concatenation(call: Call) -> Emission:
    """Inputs of the output's scale; those that a batch of one lets lie where they belong are not copied."""
    call.check(1, len(call.inputs))
    inputs = [call.activation(n) for n in range(len(call.inputs))]
    call.same_quantization(*inputs)
    if call.op.options.FusedActivationFunction():
        raise call.fail("expected no fused activation")
    outer, sizes, starts = _parts(call, call.op.options.Axis(), call.output, inputs)
    constants = {f"input{n}": tensor.data for n, tensor in enumerate(inputs) if tensor.data is not None}
    pointers = [f"$input{n}" if f"input{n}" in constants else f"$in{n}" for n in range(len(inputs))]
    overlaps = [Overlap(n, 0, at=start) for n, start in enumerate(starts) if inputs[n].data is None and outer == 1]
    return Emission(
        "tfcaps_concatenation_s8(&dims, parts, $out0)",
        [_parts_struct(outer, sizes)],
        {**constants, "sizes": np.array(sizes, np.int32)},
        {"parts": pointers},
        overlaps=overlaps,
    )


@EMITTERS.register("SPLIT")
@EMITTERS.register("SPLIT_V")
def split(call: Call) -> Emission:
    """The first part can stay where it is when the batch is one."""
    is_v = call.op.name == "SPLIT_V"
    source_position, axis_position = (0, 2) if is_v else (1, 0)
    call.check(3 if is_v else 2, outputs=len(call.outputs))
    source = call.activation(source_position)
    for output in call.outputs:
        if (output.scale, output.zero_point) != (source.scale, source.zero_point):
            raise call.fail("expected input and outputs of one scale and zero point")
    axis = int(call.constant(axis_position, np.int32).ravel()[0])
    outer, sizes, starts = _parts(call, axis, source, call.outputs)
    overlaps = [Overlap(source_position, n, at=-start) for n, start in enumerate(starts) if outer == 1]
    return Emission(
        f"tfcaps_split_s8(&dims, $in{source_position}, output_parts)",
        [_parts_struct(outer, sizes)],
        {"sizes": np.array(sizes, np.int32)},
        {"output_parts": [f"$out{n}" for n in range(len(call.outputs))]},
        overlaps=overlaps,
    )


def _parts(call: Call, axis: int, whole: Tensor, parts: Sequence[Tensor]) -> tuple[int, list[int], list[int]]:
    """(what lies before the axis, the parts' sizes from the axis on, where they start in one of those)."""
    rank = len(whole.shape)
    if not -rank <= axis < rank:
        raise call.fail(f"expected an axis of {rank} dimensions, got {axis}")
    axis %= rank
    joined = [0] * rank
    for part in parts:
        if len(part.shape) != rank or any(part.shape[n] != whole.shape[n] for n in range(rank) if n != axis):
            raise call.fail(f"{list(part.shape)} is no part of {list(whole.shape)} along axis {axis}")
        joined[axis] += part.shape[axis]
    if joined[axis] != whole.shape[axis]:
        raise call.fail(f"the parts do not make {list(whole.shape)} along axis {axis}")
    outer = math.prod(whole.shape[:axis])
    sizes = [math.prod(part.shape[axis:]) for part in parts]
    return outer, sizes, [sum(sizes[:n]) for n in range(len(sizes))]


def _parts_struct(outer: int, sizes: Sequence[int]) -> Struct:
    return Struct("tfcaps_parts_dims", "dims", {"outer": outer, "count": len(sizes), "sizes": "$sizes"})

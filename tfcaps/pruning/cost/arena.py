"""The arena that `tfcaps compile` would need: the planner's own answer for the operators at given sizes."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

from tfcaps.planner.kernel_library import scratch_bytes
from tfcaps.planner.memory import Buffer, Follow, Memory, aligned, row_steps
from tfcaps.planner.place import place
from tfcaps.pruning.cost.operators import IN_PLACE, WINDOWED, SizedOperator


def arena_bytes(operators: Sequence[SizedOperator]) -> int:
    """Bytes of activations and scratch memory; inputs and outputs are the caller's, as in `tfcaps compile`."""
    memory = _memory(operators)
    ends = (offset + aligned(buffer.size) for offset, buffer in zip(_place(memory), memory.buffers, strict=True))
    return max(16, max(ends, default=0))


@functools.lru_cache(maxsize=256)
def _place(memory: Memory) -> tuple[int, ...]:
    return tuple(place(memory))


def _memory(operators: Sequence[SizedOperator]) -> Memory:
    """The planner's problem, buffer by buffer in the order in which `tfcaps compile` makes them."""
    last = {tensor: number for number, op in enumerate(operators) for tensor in (op.form.output, *op.form.inputs)}
    buffers: list[Buffer] = []
    follows: list[Follow] = []
    where: dict[int, int] = {}
    for number, op in enumerate(operators):
        scratch = _scratch(op)
        if scratch:
            buffers.append(Buffer("scratch", scratch, number, number, is_scratch=True))
        if op.form.is_result:
            continue
        where[op.form.output] = len(buffers)
        buffers.append(Buffer("output", op.output_bytes, number, last[op.form.output]))
        follows += [
            Follow(where[op.form.inputs[n]], where[op.form.output], steps, at)
            for n, steps, at in _overlaps(op)
            if op.form.inputs[n] in where
        ]
    return Memory(tuple(buffers), tuple(follows))


def _overlaps(op: SizedOperator) -> list[tuple[int, tuple[tuple[int, int], ...], int]]:
    """(number of the input, schedule, distance): what of an input's memory the output may take."""
    if op.op in WINDOWED:
        steps = row_steps(op.inputs[0], op.output, op.form.strides[0], _padding(op)[0])
        return [(0, steps, 0)]
    if op.op in IN_PLACE:
        return [(n, (), 0) for n, sizes in enumerate(op.inputs) if math.prod(sizes) == op.outputs]
    if op.op == "GATHER":  # of rising numbers
        return [(0, (), 0)]
    if op.op == "CONCATENATION" and len(op.output) == 1:
        starts = [sum(math.prod(sizes) for sizes in op.inputs[:n]) for n in range(len(op.inputs))]
        return [(n, (), start) for n, start in enumerate(starts)]
    return []


def _padding(op: SizedOperator) -> tuple[int, int]:
    """Rows above and columns to the left of the image."""
    if op.form.padding == "valid":
        return 0, 0
    both = zip(op.output, op.form.strides, op.kernel, op.form.dilation, op.inputs[0], strict=False)
    top, left = (max(0, (out - 1) * stride + (k - 1) * step + 1 - size) // 2 for out, stride, k, step, size in both)
    return top, left


def _scratch(op: SizedOperator) -> int:
    """What the kernel's size getter says."""
    if op.op in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        height, width, *channels = op.kernel
        depthwise = op.op == "DEPTHWISE_CONV_2D"
        kernel = (1, height, width, math.prod(channels)) if depthwise else (channels[1], height, width, channels[0])
        name = "tfcaps_depthwise_conv_2d_s8" if depthwise else "tfcaps_conv_2d_s8"
        params = (*op.form.strides, *op.form.dilation, *_padding(op), 0, 0, -128, 127)
        return _asked(name, params, (1, *op.inputs[0]), kernel, (1, *op.output))
    if op.op == "FULLY_CONNECTED":
        return _asked("tfcaps_fully_connected_s8", (math.prod(op.output[:-1]), *op.kernel))
    if op.op == "TfcapsCapsuleDense":
        return _asked("tfcaps_capsule_dense_s8", (1, *op.inputs[0], *op.output))
    return 0


@functools.lru_cache(maxsize=4096)
def _asked(function: str, *structs: tuple[int, ...]) -> int:
    return scratch_bytes(function, *structs)

"""A second opinion on a plan: plays the layers byte by byte and knows nothing of how the plan was made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfcaps.planner.memory import ALIGNMENT, Memory


def check_offsets(memory: Memory, offsets: Sequence[int]) -> int:
    """Replays every layer on an array that knows which buffer wrote each byte last.

    Args:
        memory: The problem.
        offsets: Where each buffer starts.

    Returns:
        The bytes of the arena.

    Raises:
        AssertionError: Some byte is overwritten while it is still needed, or a buffer is not aligned.
    """
    buffers = memory.buffers
    ends = [offset + buffer.size for offset, buffer in zip(offsets, buffers, strict=True)]
    owner = np.full(max(ends, default=0), -1)
    layers = 1 + max((buffer.last for buffer in buffers), default=-1)
    for n, offset in enumerate(offsets):
        _require(offset >= 0 and offset % ALIGNMENT == 0, memory, n, "is not aligned")
    for layer in range(layers):
        born = [n for n, buffer in enumerate(buffers) if buffer.first == layer]
        read = [n for n, buffer in enumerate(buffers) if buffer.first < layer <= buffer.last]
        for n in (m for m in born if buffers[m].is_scratch):  # in use from the layer's start to its end
            owner[offsets[n] : ends[n]] = n
        for n in read:
            _require(bool(np.all(owner[offsets[n] : ends[n]] == n)), memory, n, f"is lost before layer {layer}")
        for n in (m for m in born if not buffers[m].is_scratch):
            _write(memory, offsets, owner, n, [m for m in read if buffers[m].last == layer])
        for n in (*born, *read):
            if n in born or buffers[n].last > layer or not _is_followed(memory, n, born):
                _require(bool(np.all(owner[offsets[n] : ends[n]] == n)), memory, n, f"is lost in layer {layer}")
    return len(owner)


def _write(memory: Memory, offsets: Sequence[int], owner: np.ndarray, target: int, dying: Sequence[int]) -> None:
    """Writes an output in the steps of the schedules of those inputs that it may follow."""
    begin, size = offsets[target], memory.buffers[target].size
    followed = [(n, follow) for n in dying if (follow := memory.follow(n, target)) is not None]
    for n, follow in followed:
        end = offsets[n] + memory.buffers[n].size
        if not follow.schedule:  # from one address, or not at all
            apart = offsets[n] >= begin + size or end <= begin
            _require(apart or offsets[n] == begin + follow.at, memory, n, "is shared from another address")
            continue
        for written, needed in follow.schedule:
            touched = np.zeros(len(owner), bool)
            touched[begin : begin + written] = True
            _require(not touched[offsets[n] + needed : end].any(), memory, n, f"is overwritten by byte {written}")
        _require(follow.schedule[-1][0] == size, memory, target, "has a schedule that ends early")
    owner[begin : begin + size] = target


def _is_followed(memory: Memory, source: int, born: Sequence[int]) -> bool:
    return any(memory.follow(source, target) is not None for target in born)


def _require(holds: bool, memory: Memory, n: int, what: str) -> None:
    if not holds:
        raise AssertionError(f"buffer {n} ({memory.buffers[n].name}) {what}")

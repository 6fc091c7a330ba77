"""What the memory planner plans: buffers with lifetimes, and which of them may share bytes.

A layer that writes its output top to bottom, and by then no longer needs the input above, lets the output follow the
input through the same bytes. How closely is not believed but derived: the operator says, step by step, how many bytes
are written and from which byte on the input is still needed (`Follow.schedule`); `Follow.lead` is the smallest distance
with which no byte is overwritten too early, and `tfcaps.converters.c.check` replays the schedule byte by byte.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

ALIGNMENT = 16  # of every buffer: the widest vector registers load from there without a penalty


def aligned(size: int) -> int:
    """`size` rounded up to the alignment."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def row_steps(source: Sequence[int], output: Sequence[int], stride: int, padding: int) -> tuple[tuple[int, int], ...]:
    """The schedule of an operator that writes the rows of an image from top to bottom.

    Args:
        source: Height, width and channels of the input.
        output: Of the output.
        stride: Input rows from one output row to the next.
        padding: Rows above the image that the first window begins in.

    Returns:
        `Follow.schedule`: output row y needs no input row above y * stride - padding.
    """
    input_row, output_row = source[1] * source[2], output[1] * output[2]
    return tuple(
        ((y + 1) * output_row, min(source[0], max(0, y * stride - padding)) * input_row) for y in range(output[0])
    )


@dataclasses.dataclass(frozen=True)
class Buffer:
    """A range of bytes that somebody needs for a while.

    Attributes:
        name: For people.
        size: Bytes.
        first: The layer that writes it.
        last: The last layer that reads it.
        is_scratch: Whether it is a layer's scratch memory instead of a tensor.
    """

    name: str
    size: int
    first: int
    last: int
    is_scratch: bool = False

    def meets(self, other: Buffer) -> bool:
        """Whether there is a layer at which both are needed."""
        return self.first <= other.last and other.first <= self.last


@dataclasses.dataclass(frozen=True)
class Follow:
    """The output of a layer may take bytes of an input that dies there.

    Attributes:
        source: Index of the input's buffer.
        target: Index of the output's buffer.
        schedule: Pairs (written, needed): while and after the output's first `written` bytes are written, the input is
            read from byte `needed` on only. Empty for an operator that promises one distance alone:
        at: The input's start minus the output's; 0 for an element that is read before it is written in its place.
    """

    source: int
    target: int
    schedule: tuple[tuple[int, int], ...] = ()
    at: int = 0

    @property
    def lead(self) -> int:
        """By how much the input has to start after the output, in bytes: with a schedule at least, else exactly."""
        return max(0, max(written - needed for written, needed in self.schedule)) if self.schedule else self.at


@dataclasses.dataclass(frozen=True)
class Memory:
    """A problem for the planner: buffers and the exceptions to "what lives at the same time lies apart"."""

    buffers: tuple[Buffer, ...]
    follows: tuple[Follow, ...] = ()

    def follow(self, source: int, target: int) -> Follow | None:
        """The exception for a pair of buffers: only where the one dies in the layer that writes the other."""
        for follow in self.follows:
            if (follow.source, follow.target) == (source, target):
                dies_there = self.buffers[source].last == self.buffers[target].first
                can_lie_there = follow.schedule or follow.at % ALIGNMENT == 0
                return follow if dies_there and can_lie_there else None
        return None

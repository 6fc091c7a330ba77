"""The memory plan for people and for machines: as text, and as the facts that name.json holds."""

from __future__ import annotations

import dataclasses
from typing import Any

from tfcaps.converters.c.check import check_offsets
from tfcaps.converters.c.program import Layer, Program
from tfcaps.planner.memory import Buffer, Follow
from tfcaps.planner.place import lower_bound


@dataclasses.dataclass(frozen=True)
class Plan:
    """What lies where, and when.

    Attributes:
        program: What is planned.
        arena_bytes: The arena: all activations and scratch memory.
        input_bytes: The inputs; the caller's buffers, unless the program has them in the arena.
        output_bytes: The caller's output buffers; not in the arena either.
        bound_bytes: No plan of these lifetimes can do with less.
    """

    program: Program
    arena_bytes: int
    input_bytes: int
    output_bytes: int
    bound_bytes: int

    @property
    def total_bytes(self) -> int:
        """Arena and the input buffers outside of it: what an interpreter calls its arena."""
        return self.arena_bytes + (0 if self.program.inputs_in_arena else self.input_bytes)

    @property
    def rows(self) -> list[tuple[Buffer, int]]:
        """Buffers with their offsets, in the order in which they come to life."""
        memory = self.program.memory
        found = list(zip(memory.buffers, self.program.offsets, strict=True))
        return sorted(found, key=lambda row: (row[0].first, row[1]))

    @property
    def shared(self) -> list[tuple[Follow, int]]:
        """Outputs that do share bytes with the input they follow, and how many."""
        memory, offsets = self.program.memory, self.program.offsets
        found = []
        for follow in memory.follows:
            low = max(offsets[follow.source], offsets[follow.target])
            ends = [offsets[n] + memory.buffers[n].size for n in (follow.source, follow.target)]
            if min(ends) > low and memory.follow(follow.source, follow.target) is not None:
                found.append((follow, min(ends) - low))
        return found

    def live_bytes(self, layer: Layer) -> int:
        """Up to where the arena is in use while a layer runs."""
        ends = (offset + buffer.size for buffer, offset in self.rows if buffer.first <= layer.index <= buffer.last)
        return max(ends, default=0)

    def text(self) -> str:
        """The plan in lines of text."""
        memory = self.program.memory
        where = "the arena" if self.program.inputs_in_arena else "the caller's buffers"
        lines = [
            f"arena   {self.arena_bytes:>9,} bytes (at least {self.bound_bytes:,} for any plan)",
            f"inputs  {self.input_bytes:>9,} bytes in {where}; with the arena {self.total_bytes:,}",
            f"outputs {self.output_bytes:>9,} bytes in the caller's buffers",
            "",
            f"{'from':>9} {'to':>9} {'bytes':>9}  layers     what",
        ]
        for buffer, offset in self.rows:
            span = f"{buffer.first} ... {buffer.last}"
            lines.append(f"{offset:>9,} {offset + buffer.size:>9,} {buffer.size:>9,}  {span:<9}  {buffer.name}")
        for follow, size in self.shared:
            source, target = memory.buffers[follow.source], memory.buffers[follow.target]
            how = f"{follow.lead:,} bytes behind" if follow.schedule else "in place"
            lines.append(f"{target.name} takes {size:,} bytes of {source.name}, {how}")
        return "\n".join(lines)

    def facts(self) -> dict[str, Any]:
        """What name.json says."""
        program = self.program
        return {
            "arena_bytes": self.arena_bytes,
            "input_bytes": self.input_bytes,
            "inputs_in_arena": program.inputs_in_arena,
            "output_bytes": self.output_bytes,
            "total_bytes": self.total_bytes,
            "weight_bytes": program.weight_bytes,
            "macs": program.macs,
            "processor": program.processor,
            "layout": program.layout,
            "layers": [
                {
                    "index": layer.index,
                    "op": layer.op,
                    "name": layer.name,
                    "macs": layer.emission.macs,
                    "layout": layer.layout,
                    "weight_bytes": layer.weight_bytes,
                    "scratch_bytes": layer.emission.scratch,
                    "wanted_scratch_bytes": max(layer.emission.scratch, layer.emission.wanted_scratch),
                    "policy": layer.policy,
                    "live_bytes": self.live_bytes(layer),
                }
                for layer in program.layers
            ],
            "buffers": [
                {
                    "name": buffer.name,
                    "offset": offset,
                    "bytes": buffer.size,
                    "first_layer": buffer.first,
                    "last_layer": buffer.last,
                    "scratch": buffer.is_scratch,
                }
                for buffer, offset in self.rows
            ],
        }


def make_plan(program: Program) -> Plan:
    """The plan of a program, replayed byte by byte before anybody relies on it."""
    check_offsets(program.memory, program.offsets)
    return Plan(
        program,
        program.arena_bytes,
        program.input_bytes,
        program.output_bytes,
        lower_bound(program.memory),
    )

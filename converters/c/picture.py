"""The memory plan as a picture: layers from left to right, bytes of the arena from bottom to top."""

from __future__ import annotations

from pathlib import Path

from tfcaps.converters.c.plan import Plan
from tfcaps.planner.memory import Buffer

_COLOURS = ("#4c78a8", "#72b7b2", "#54a24b", "#eeca3b", "#f58518", "#e45756", "#b279a2", "#9d755d")


def draw_plan(plan: Plan, path: Path) -> None:
    """Write the picture; the ending of `path` says of which kind (.png, .svg, .pdf).

    A tensor is a rectangle from the layer that writes it to the last one that reads it. Where an output follows its
    input through the same bytes, the edge between them slopes: the one grows while the other goes.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    layers = plan.program.layers
    figure = Figure(figsize=(max(6.0, 1.2 * len(layers) + 2.5), 5.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for number, (buffer, offset) in enumerate(plan.rows):
        colour = "#bab0ac" if buffer.is_scratch else _COLOURS[number % len(_COLOURS)]
        outline = _outline(plan, buffer, offset)
        axes.fill(*zip(*outline, strict=True), facecolor=colour, edgecolor="black", linewidth=0.8, alpha=0.75)
        middle = sum(x for x, _ in outline) / 4
        if buffer.size > plan.arena_bytes / 30:
            label = f"{_short(buffer.name)} {buffer.size:,}".replace(" of ", " of\n")
            axes.text(middle, offset + buffer.size / 2, label, ha="center", va="center", fontsize=8)
    axes.axhline(plan.arena_bytes, color="black", linestyle="--", linewidth=1)
    axes.set_xlim(0, max(1, len(layers)))
    axes.set_ylim(0, plan.arena_bytes * 1.08)
    axes.set_xticks([layer.index + 0.5 for layer in layers])
    axes.set_xticklabels([f"{layer.index}\n{_short(layer.op)}" for layer in layers], fontsize=8)
    axes.set_xticks([layer.index for layer in layers], minor=True)
    axes.tick_params(axis="x", which="major", length=0)
    axes.grid(axis="x", which="minor", linewidth=0.5)
    axes.set_ylabel("bytes of the arena")
    axes.set_title(f"arena {plan.arena_bytes:,} bytes, with inputs {plan.total_bytes:,}", fontsize=10)
    figure.savefig(path, dpi=120)


def _outline(plan: Plan, buffer: Buffer, offset: int) -> list[tuple[float, float]]:
    """A rectangle, with a slope where an output grows while its input goes, and a step where it takes its place."""
    left, right, low, high = buffer.first, buffer.last + 1, offset, offset + buffer.size
    begin: list[tuple[float, float]] = [(left, low), (left, high)]
    end: list[tuple[float, float]] = [(right, high), (right, low)]
    memory = plan.program.memory
    for follow, _ in plan.shared:
        if buffer is memory.buffers[follow.target]:
            begin = [(left, low), (left + 1, high)] if follow.schedule else [(left + 0.5, low), (left + 0.5, high)]
        if buffer is memory.buffers[follow.source]:
            end = [(right, high), (right - 1, low)] if follow.schedule else [(right - 0.5, high), (right - 0.5, low)]
    return [*begin, *end]


def _short(text: str) -> str:
    return text if len(text) <= 22 else text[:21] + "…"

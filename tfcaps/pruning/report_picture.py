"""A report as a picture: what is left of every layer, of every metric, and of the accuracy."""

from __future__ import annotations

import os
from typing import Any

from tfcaps.pruning.report import PruneReport

_BEFORE, _AFTER = "#b8c4d6", "#2c5f9e"
_SAYS = {
    "parameters": "parameters",
    "macs": "MAC",
    "activation_bytes": "activations",
    "arena_bytes": "arena",
    "instructions": "instructions",
}


def draw(report: PruneReport, path: str | os.PathLike[str]) -> None:
    """Draw a report into a file.

    Args:
        report: What to draw.
        path: The picture: .png, .svg or .pdf.
    """
    from matplotlib.figure import Figure

    groups = [group for group in report.groups if group.frozen is None]
    layers = [layer for layer in report.layers if layer.macs.before]
    height = 1.6 + 0.3 * max(len(groups), len(layers), len(report.totals) + 2)
    figure = Figure(figsize=(13, height), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    _pairs(left, [(g.name, g.items.before, g.items.after) for g in groups])
    left.set_title("filters, units, capsules")
    _pairs(middle, [(layer.name, layer.macs.before, layer.macs.after) for layer in layers])
    middle.set_title("multiply-accumulates")
    names = [_SAYS[name] for name in report.totals]
    ratios = [100 * change.ratio for change in report.totals.values()]
    bars = right.barh(names, ratios, color=_AFTER)
    right.bar_label(bars, [f" {change.after:,}" for change in report.totals.values()], fontsize=8)
    right.axvline(100, color=_BEFORE, lw=2)
    right.set_xlim(0, max(130, *ratios))
    right.invert_yaxis()
    right.set_title("what remains, %")
    figure.suptitle(f"{report.model}, {report.method}: {report.target}{_accuracy(report)}")
    figure.savefig(path, dpi=120)


def _pairs(axes: Any, rows: list[tuple[str, int, int]]) -> None:
    """Bars before with bars after in front of them, and the numbers."""
    names = [name for name, _, _ in rows]
    axes.barh(names, [before for _, before, _ in rows], color=_BEFORE, label="before")
    bars = axes.barh(names, [after for _, _, after in rows], color=_AFTER, height=0.5, label="after")
    axes.bar_label(bars, [f" {after:,} of {before:,}" for _, before, after in rows], fontsize=8)
    axes.margins(x=0.35)
    axes.invert_yaxis()
    axes.tick_params(axis="y", labelsize=8)
    axes.ticklabel_format(axis="x", style="sci", scilimits=(0, 5))
    axes.legend(loc="lower right", fontsize=8)


def _accuracy(report: PruneReport) -> str:
    found = report.accuracy
    stages = (("before", found.before), ("pruned", found.pruned), ("fine-tuned", found.fine_tuned))
    said = [f"{value:.1%} {name}" for name, value in stages if value is not None]
    return f"\naccuracy {', '.join(said)}" if said else ""

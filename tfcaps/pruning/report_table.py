"""A report as tables on standard output."""

from __future__ import annotations

from tfcaps.cli import console
from tfcaps.pruning.report import Change, PruneReport

_SAYS = {
    "parameters": "parameters",
    "macs": "MAC",
    "activation_bytes": "activations, bytes",
    "arena_bytes": "arena, bytes",
    "instructions": "instructions",
}


def show(report: PruneReport) -> None:
    """Print groups, layers and sums."""
    cut = [group for group in report.groups if group.frozen is None]
    console.print_table(
        "channels",
        ["group", "items", "kept", "part"],
        [[g.name, g.items.before, g.items.after, f"{g.items.ratio:.0%}"] for g in cut],
        whole="group",
    )
    columns = ["layer", "channels", "parameters", "MAC", "bytes", f"instructions ({report.board})"]
    rows: list[list[object]] = [
        [row.name, *map(_cell, (row.channels, row.parameters, row.macs, row.activation_bytes, row.instructions))]
        for row in report.layers
    ]
    console.print_table(
        "layers, before and after; instructions are predicted and are not cycles", columns, rows, "layer"
    )
    rows = [[_SAYS[name], change.before, change.after, f"{change.ratio:.1%}"] for name, change in report.totals.items()]
    console.print_table("in all", ["", "before", "after", "remains"], rows)
    found = report.accuracy
    stages = (("before", found.before), ("pruned", found.pruned), ("fine-tuned", found.fine_tuned))
    said = [(f"accuracy, {name}", f"{value:.2%}") for name, value in stages if value is not None]
    pruned = [("model", report.model), ("method", report.method), ("at most", report.target)]
    console.print_pairs("", [*pruned, *said, ("seconds", f"{report.seconds:.0f}")])


def _cell(change: Change) -> str:
    if change.before == change.after:
        return f"{change.before:,}" if change.before else "-"
    return f"{change.before:,} → {change.after:,}"

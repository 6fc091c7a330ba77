"""What pruning did: layer by layer, in what it costs, and in accuracy."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tfcaps.pruning.cost import METRICS, Cost


@dataclass(frozen=True)
class Change:
    """A figure before and after.

    Attributes:
        before: Of the model as it was.
        after: Of the smaller one.
    """

    before: int
    after: int

    @property
    def ratio(self) -> float:
        """The part that remains; 1 where there was nothing."""
        return self.after / self.before if self.before else 1.0


@dataclass(frozen=True)
class GroupReport:
    """Channels that are cut together.

    Attributes:
        name: The group's name.
        items: How many there are of them: filters, units, capsule types.
        frozen: Why nothing could be cut, or None.
    """

    name: str
    items: Change
    frozen: str | None = None


@dataclass(frozen=True)
class LayerReport:
    """One layer of the model.

    Attributes:
        name: Its name, behind those of the models it is nested in.
        channels: What it makes: filters, units, capsules.
        parameters: Its variables' elements.
        macs: Multiply-accumulates for one image.
        activation_bytes: Bytes it writes, in int8.
        instructions: Predicted for one image on `PruneReport.board`; not cycles.
    """

    name: str
    channels: Change
    parameters: Change
    macs: Change
    activation_bytes: Change
    instructions: Change


@dataclass(frozen=True)
class Accuracy:
    """The part of the validation images that is classified right; None where it was not measured.

    Attributes:
        before: Of the model as it was.
        pruned: Right after it became smaller.
        fine_tuned: After it was trained on.
    """

    before: float | None = None
    pruned: float | None = None
    fine_tuned: float | None = None


@dataclass(frozen=True)
class PruneReport:
    """What `tfcaps.pruning.prune` did.

    Attributes:
        model: The model's name.
        method: The method's name.
        options: Its options.
        target: The target in words.
        board: The board that instructions are predicted for.
        totals: By metric: parameters, macs, activation_bytes, arena_bytes, instructions.
        accuracy: On the validation images.
        groups: What was cut, and what could not be.
        layers: Those that cost anything.
        seconds: For all of it.
        notes: What the method found out on its way: plain values and arrays by name; not part of the JSON.
    """

    model: str
    method: str
    options: Mapping[str, Any]
    target: str
    board: str
    totals: Mapping[str, Change]
    accuracy: Accuracy
    groups: tuple[GroupReport, ...]
    layers: tuple[LayerReport, ...]
    seconds: float
    notes: Mapping[str, Any] = dataclasses.field(default_factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        plain = (bool, int, float, str, type(None))
        options = {name: value if isinstance(value, plain) else str(value) for name, value in self.options.items()}
        found = dataclasses.asdict(dataclasses.replace(self, options={}, totals={}, notes={}))
        del found["notes"]
        sums = {name: dataclasses.asdict(change) for name, change in self.totals.items()}
        return {**found, "options": options, "totals": sums}

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """As JSON; also written to a file if one is given."""
        text = json.dumps(self.to_dict(), indent=2)
        if path is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text + "\n")
        return text

    def show(self) -> None:
        """Print the tables."""
        from tfcaps.pruning.report_table import show

        show(self)

    def draw(self, path: str | os.PathLike[str]) -> None:
        """Draw channels and costs before and after into a picture (.png, .svg, .pdf)."""
        from tfcaps.pruning.report_picture import draw

        draw(self, path)


def layer_reports(before: Cost, after: Cost, board: str) -> tuple[LayerReport, ...]:
    """The rows of the layers of a model, of the costs before and after."""
    old, new = ({row.name: row for row in cost.layers} for cost in (before, after))
    old_counts, new_counts = (cost.layer_instructions(board) for cost in (before, after))
    rows = []
    for name, was in old.items():
        now = new.get(name)
        if now is None:
            continue

        instructions = Change(old_counts.get(name, 0), new_counts.get(name, 0))
        channels, parameters = Change(was.channels, now.channels), Change(was.parameters, now.parameters)
        macs, written = Change(was.macs, now.macs), Change(was.activation_bytes, now.activation_bytes)
        rows.append(LayerReport(name, channels, parameters, macs, written, instructions))
    return tuple(rows)


def totals(before: Cost, after: Cost, board: str) -> dict[str, Change]:
    """All metrics before and after."""
    return {name: Change(int(before.metric(name, board)), int(after.metric(name, board))) for name in METRICS}

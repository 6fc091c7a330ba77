"""The weights of a channel graph as methods look at them: which of their numbers belong to which item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tfcaps.pruning.graph.trace import variable


@dataclass(frozen=True, eq=False)
class Slot:
    """One axis of one trainable weight on which items of one group lie.

    Attributes:
        group: Name of the group.
        size: Its number of items.
        layer: The Keras layer.
        name: The weight's attribute: kernel, bias, gamma, ...
        variable: The weight.
        axis: The axis.
        items: The item at each position of the axis, or -1.
        role: "out", "in" or "both", as in `tfcaps.pruning.graph`.
        path: The layer's path, as costs name it.
        silent: Whether the weight has to be zero for a removed item to have no effect.
    """

    group: str
    size: int
    layer: Any
    name: str
    variable: Any
    axis: int
    items: np.ndarray
    role: str
    path: str
    silent: bool

    @property
    def key(self) -> int:
        """Identity of the weight: slots of one weight share it."""
        return id(self.variable)

    @property
    def reads(self) -> bool:
        """Whether the weight reads the items and nothing but reads them."""
        return self.role == "in"

    @property
    def writes(self) -> bool:
        """Whether the weight makes the items or holds a number for each."""
        return self.role != "in"

    @property
    def is_kernel(self) -> bool:
        """Whether the weight is one of a product: neither a bias nor part of a normalisation."""
        return len(self.variable.shape) > 1 and self.name.split(".")[-1] != "bias"

    def mask(self, keep: np.ndarray) -> np.ndarray:
        """Which numbers of the weight stay, in a shape that broadcasts to the weight's.

        Args:
            keep: Which items stay, bool [size].
        """
        stays = np.append(np.asarray(keep, bool), True)[self.items]
        return stays.reshape([-1 if axis == self.axis else 1 for axis in range(len(self.variable.shape))])

    def by_item(self, values: np.ndarray) -> np.ndarray:
        """The numbers of an array of the weight's shape that belong to each item, [size, n], padded with zeros."""
        rows = np.moveaxis(np.asarray(values), self.axis, 0).reshape(len(self.items), -1)
        own = self.items >= 0
        order = np.argsort(self.items[own], kind="stable")
        items = self.items[own][order]
        places = np.arange(len(items)) - np.searchsorted(items, items)
        found = np.zeros((self.size, int(places.max(initial=-1)) + 1, rows.shape[1]), rows.dtype)
        found[items, places] = rows[own][order]
        return found.reshape(self.size, -1)


def slots(graph: Any) -> list[Slot]:
    """The trainable weights of all groups that may be cut, in the order of the network."""
    found = []
    for group in graph.prunable:
        for member in group.members:
            if member.weight.startswith("moving_"):
                continue
            axis = member.axis % len(member.value().shape)
            found.append(
                Slot(
                    group=group.name,
                    size=group.size,
                    layer=member.layer,
                    name=member.weight,
                    variable=variable(member.layer, member.weight),
                    axis=axis,
                    items=member.items,
                    role=member.role,
                    path=member.path,
                    silent=member.silent,
                )
            )
    return found


def filters(graph: Any) -> dict[str, list[np.ndarray]]:
    """The weights of each item, layer by layer: arrays [size, n], float64, by group.

    They are the kernels that make the items; where there are none, depthwise kernels, and last those that read them.
    """
    found: dict[str, list[np.ndarray]] = {}
    for group in graph.prunable:
        own = [slot for slot in slots(graph) if slot.group == group.name and slot.is_kernel]
        for role in ("out", "both", "in"):
            chosen = [slot for slot in own if slot.role == role]
            if chosen:
                found[group.name] = [s.by_item(np.asarray(s.variable)).astype(np.float64) for s in chosen]
                break
    return found

"""`ChannelGraph`: which channels of a Keras model are cut together."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfcaps.errors import ModelError
from tfcaps.pruning.graph import walk
from tfcaps.pruning.graph.group import Group, Member
from tfcaps.pruning.graph.labels import Array, Labels, Shape
from tfcaps.pruning.graph.trace import Trace, WeightLabels

Keep = Mapping[str, NDArray[np.bool_]]


class ChannelGraph:
    """The groups of channels of a functional or sequential model, nested models included.

    Args:
        model: A built Keras model of this process' flavour; it stays as it is.

    Attributes:
        model: The model.
        groups: All groups that layers of the model make, in the order of the network.
        trace: The labels of all tensors and weights, for whoever wants to know more than the groups tell.
        labels: For each group by name the label that stands for each of its items.

    Raises:
        ModelError: For a model that is not built or is subclassed.

    Example:
        >>> graph = ChannelGraph(tfcaps.models.build("tiny"))
        >>> [(group.name, group.size) for group in graph.prunable]
        [('conv1', 8), ('primary', 4), ('class_caps', 4)]
    """

    def __init__(self, model: Any) -> None:
        walk.check(model)
        self.model = model
        self.trace = Trace(model)
        self.labels: dict[str, list[int]] = {}
        self.groups: tuple[Group, ...] = tuple(self._groups())
        self._by_name = {group.name: group for group in self.groups}

    @property
    def prunable(self) -> tuple[Group, ...]:
        """The groups of which something can be cut."""
        return tuple(group for group in self.groups if group.prunable)

    def group(self, name: str) -> Group:
        """The group of this name, or the one that the layer of this name or path makes.

        Raises:
            ModelError: If there is none, or the layer makes several.
        """
        if name in self._by_name:
            return self._by_name[name]
        made = [group for group in self.groups if any(name in (m.path, m.layer.name) for m in group.producers)]
        if len(made) == 1:
            return made[0]
        if made:
            raise ModelError(f"layer {name!r} makes several groups: choose one of {', '.join(g.name for g in made)}")
        close = difflib.get_close_matches(name, self._by_name, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ModelError(
            f"model {self.model.name!r} has no group {name!r}: expected one of {', '.join(self._by_name)}{hint}"
        )

    def cut(self, keep: Keep) -> LabelCut:
        """What goes if `keep` stays.

        Args:
            keep: For each group by name which items stay, bool [size]; groups left out stay whole.

        Raises:
            ModelError: For a group that does not exist, is frozen or would vanish, and for a mask of another length.
        """
        removed: list[int] = []
        for name, mask in keep.items():
            group = self._by_name.get(name)
            if group is None:
                raise ModelError(
                    f"keep: model {self.model.name!r} has no group {name!r}: expected one of {', '.join(self._by_name)}"
                )
            mask = np.asarray(mask)
            if mask.dtype != bool or mask.shape != (group.size,):
                raise ModelError(
                    f"keep[{name!r}]: expected bool [{group.size}], one for each item of the group, got {mask.dtype} "
                    f"{list(mask.shape)}"
                )
            if mask.all():
                continue
            if group.frozen is not None:
                raise ModelError(f"keep[{name!r}]: the group cannot be cut: {group.frozen}")
            if mask.sum() < group.minimum:
                raise ModelError(
                    f"keep[{name!r}]: expected at least {group.minimum} of {group.size} items to stay, got {mask.sum()}"
                )
            removed += [label for label, stays in zip(self.labels[name], mask, strict=True) if not stays]
        return LabelCut(self.trace, removed)

    def summary(self) -> str:
        """A table of the groups: name, items, layers that make and read them, why they are frozen."""
        rows = [("group", "items", "made by", "read by", "")]
        for group in self.groups:
            rows.append(
                (group.name, str(group.size), _paths(group.producers), _paths(group.consumers), group.frozen or "")
            )
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = []
        for row in rows:
            cells = [
                cell.rjust(w) if i == 1 else cell.ljust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=False))
            ]
            lines.append("  ".join([*cells, row[4]]).rstrip())
        return "\n".join(lines)

    def _groups(self) -> Iterable[Group]:
        """Sets of labels that occur in the same tensors, in the order of the layers that make them."""
        sets = self.trace.sets
        occurs: dict[int, list[int]] = defaultdict(list)
        for number, labels in enumerate(self.trace.tensors):
            for root in np.unique(sets.roots(labels.array)):
                occurs[int(root)].append(number)
        weights = list(self.trace.weights.values())
        roots = [sets.roots(weight.labels) for weight in weights]
        groups: dict[Any, dict[int, None]] = {}
        first: dict[Any, str] = {}
        for weight, at in zip(weights, roots, strict=True):
            if weight.role != "out":
                continue
            for root in dict.fromkeys(at.tolist()):
                # Items that never leave their layer, as heads do not, are told by the weights that make them.
                key = (tuple(occurs[root]) or weight.path, sets.reason(root))
                first.setdefault(key, weight.path)
                groups.setdefault(key, {})[root] = None
        made = list(first.values())
        numbers: dict[str, int] = defaultdict(int)
        for key, found in groups.items():
            name, items = first[key], list(found)
            if made.count(name) > 1:
                numbers[name] += 1
                name = f"{name}[{numbers[name] - 1}]"
            self.labels[name] = items
            members = tuple(_members(weights, roots, items))
            yield Group(name, len(items), key[1], members)


class LabelCut:
    """Labels that go; tells what is left of arrays of labels and of shapes."""

    def __init__(self, trace: Trace, removed: list[int]) -> None:
        self._trace = trace
        self._removed = np.unique(np.asarray(removed, np.int64))

    def kept(self, labels: Array) -> NDArray[np.bool_]:
        """For each label whether it stays."""
        return ~np.isin(self._trace.sets.roots(labels), self._removed)

    def along(self, labels: Labels, axis: int) -> NDArray[np.bool_]:
        """For each position on the axis along which a tensor's labels differ whether it stays."""
        kept = np.moveaxis(self.kept(labels.array), axis, 0)
        return np.asarray(kept.reshape(len(kept), -1).any(axis=1))

    def shape(self, labels: Labels) -> Shape:
        """The shape of a tensor after the cut, without the batch."""
        shape = list(labels.shape)
        for axis in labels.varying:
            shape[axis] = int(self.along(labels, axis).sum())
        return tuple(shape)


def _members(weights: list[WeightLabels], roots: list[Array], items: list[int]) -> Iterable[Member]:
    order = np.argsort(items)
    ordered = np.asarray(items)[order]
    for weight, labels in zip(weights, roots, strict=True):
        at = np.minimum(np.searchsorted(ordered, labels), len(items) - 1)
        found = ordered[at] == labels
        if found.any():
            positions = np.where(found, order[at], -1)
            yield Member(weight.layer, weight.path, weight.weight, weight.axis, positions, weight.role, weight.silent)


def _paths(members: Iterable[Member]) -> str:
    return ", ".join(dict.fromkeys(member.path for member in members))

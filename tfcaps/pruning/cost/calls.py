"""The calls of layers that a model is made of, nested models opened, with sizes that depend on what is kept."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfcaps.pruning.cost.extent import Dim, Dims, Extent
from tfcaps.pruning.graph import walk
from tfcaps.pruning.graph.trace import variable


@dataclass(frozen=True)
class Tensor:
    """A tensor of a model.

    Attributes:
        number: The same for a tensor and its reshaped forms.
        dims: Its dimensions without the batch.
    """

    number: int
    dims: Dims


@dataclass(frozen=True)
class Call:
    """One call of a layer.

    Attributes:
        layer: The layer or operation; of one that is called twice there are two calls.
        name: Its name, behind those of the models it is nested in.
        inputs: What it reads.
        outputs: What it makes.
    """

    layer: Any
    name: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


class Sizes:
    """Dimensions of tensors and variables as functions of what is kept of a channel graph's groups.

    Args:
        graph: The `tfcaps.pruning.ChannelGraph`.
    """

    def __init__(self, graph: Any) -> None:
        self._sets = graph.trace.sets
        self._groups = {group.name: group.size for group in graph.groups}
        # By label: the group that it belongs to, and which of its items it is.
        self._owner = {root: (name, item) for name, roots in graph.labels.items() for item, root in enumerate(roots)}
        self._extents: dict[bytes, Dim] = {}
        self._axes = {
            (id(weight.layer), id(variable(weight.layer, weight.weight)), weight.axis): self._dim(weight.labels)
            for weight in graph.trace.weights.values()
        }

    def of_tensor(self, labels: Any) -> Dims:
        """The dimensions of a tensor with these labels; an open size counts as 1."""
        dims: list[Dim] = [1 if size is None else int(size) for size in labels.shape]
        for axis in labels.varying:
            first = tuple(slice(None) if other == axis else 0 for other in range(labels.array.ndim))
            dims[axis] = self._dim(labels.array[first])
        return tuple(dims)

    def of_variable(self, layer: Any, variable: Any) -> Dims:
        """The dimensions of a layer's variable."""
        sizes = enumerate(variable.shape)
        return tuple(self._axes.get((id(layer), id(variable), axis), int(size)) for axis, size in sizes)

    def _dim(self, labels: Any) -> Dim:
        """The size of an axis whose positions carry these labels."""
        roots = self._sets.roots(np.asarray(labels))
        key = roots.tobytes()
        if key not in self._extents:
            found: dict[str, np.ndarray] = {}
            fixed = 0
            for root, count in zip(*np.unique(roots, return_counts=True), strict=True):
                if int(root) not in self._owner:
                    fixed += int(count)
                    continue
                name, item = self._owner[int(root)]
                found.setdefault(name, np.zeros(self._groups[name], np.int64))[item] += count
            self._extents[key] = Extent(fixed, tuple(found.items())) if found else fixed
        return self._extents[key]


@dataclass(frozen=True)
class Calls:
    """A whole model.

    Attributes:
        inputs: What it is given.
        calls: In the order of execution.
        results: Numbers of the tensors that it returns.
    """

    inputs: tuple[Tensor, ...]
    calls: tuple[Call, ...]
    results: tuple[int, ...]


def calls_of(graph: Any, sizes: Sizes) -> Calls:
    """The calls of a channel graph's model."""
    numbers = itertools.count()
    trace = graph.trace
    inputs = [Tensor(next(numbers), sizes.of_tensor(labels)) for labels in trace.inputs[id(graph.model)]]
    calls: list[Call] = []

    def visit(model: Any, given: Sequence[Tensor], prefix: str) -> list[Tensor]:
        network = walk.network(model)
        known = {id(tensor): mine for tensor, mine in zip(walk.tensors(network.inputs), given, strict=True)}
        for node in network.nodes:
            read = [known[id(tensor)] for tensor in walk.tensors((node.args, list(node.kwargs.values())))]
            name = prefix + node.layer.name
            if id(node.layer) in trace.inputs:
                made = visit(node.layer, read, f"{name}/")
            else:
                labels = trace.calls[id(model), node.key].outputs
                made = [Tensor(next(numbers), sizes.of_tensor(label)) for label in labels]
                calls.append(Call(node.layer, name, tuple(read), tuple(made)))
            known.update(zip(map(id, node.outputs), made, strict=True))
        return [known[id(tensor)] for tensor in walk.tensors(network.outputs)]

    results = visit(graph.model, inputs, "")
    return Calls(tuple(inputs), tuple(calls), tuple(tensor.number for tensor in results))

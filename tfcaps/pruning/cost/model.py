"""`CostModel`: what a model costs, as a function of how many channels are kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tfcaps.errors import TfcapsError
from tfcaps.pruning.cost.calls import Sizes, calls_of
from tfcaps.pruning.cost.cost import Cost
from tfcaps.pruning.cost.extent import Dims, Extent
from tfcaps.pruning.cost.lowering import lower
from tfcaps.pruning.graph import walk


class CostModel:
    """Costs of the models that a channel graph's model can shrink to; none of them is built.

    Args:
        graph: A `tfcaps.pruning.ChannelGraph`.

    Example:
        >>> graph = tfcaps.pruning.ChannelGraph(model)
        >>> cost = tfcaps.pruning.CostModel(graph)
        >>> cost.dense.macs
        >>> cost.at_counts({graph.prunable[0].name: 8}).parameters
    """

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self._groups = {group.name: group.size for group in graph.groups}
        sizes = Sizes(graph)
        self._operators = lower(calls_of(graph, sizes), sizes.of_variable)
        self._variables: list[tuple[str, Dims]] = [
            (path, sizes.of_variable(layer, variable))
            for path, layer in walk.leaves(graph.model)
            for variable in layer.weights
        ]
        self.dense = self({})

    def __call__(self, keep: Mapping[str, Any]) -> Cost:
        """The cost if some items go.

        Args:
            keep: A boolean array [size] for each group that is cut.

        Raises:
            TfcapsError: There is no such group, or the array is not of its size.
        """
        masks = {name: np.asarray(mask, bool) for name, mask in keep.items()}
        for name, mask in masks.items():
            if mask.shape != (self._size(name),):
                raise TfcapsError(f"Expected {self._size(name)} booleans for group {name!r}, got shape {mask.shape}")
        return self._cost(lambda dim: dim.of_keep(masks))

    def at_counts(self, counts: Mapping[str, int]) -> Cost:
        """The cost if so many items of each group stay, where it matters which: at the most.

        Items differ where single input capsules are gone: a type of capsules has as many as are left of it.

        Args:
            counts: By group; all items of a group that is not named.

        Raises:
            TfcapsError: There is no such group, or it has fewer items.
        """
        for name, count in counts.items():
            if not 0 <= count <= self._size(name):
                raise TfcapsError(f"Expected 0 to {self._size(name)} items of group {name!r}, got {count}")
        return self._cost(lambda dim: dim.of_counts(counts))

    def _size(self, name: str) -> int:
        try:
            return self._groups[name]
        except KeyError:
            raise TfcapsError(f"The model has no group {name!r}: expected one of {', '.join(self._groups)}") from None

    def _cost(self, size: Callable[[Extent], int]) -> Cost:
        known: dict[Extent, int] = {}

        def size_of(extent: Extent) -> int:
            if extent not in known:
                known[extent] = size(extent)
            return known[extent]

        by_layer: dict[str, int] = {}
        for layer, dims in self._variables:
            elements = math.prod(dim if isinstance(dim, int) else size_of(dim) for dim in dims)
            by_layer[layer] = by_layer.get(layer, 0) + elements
        operators = tuple(op.sized(size_of) for op in self._operators)
        return Cost(sum(by_layer.values()), operators, by_layer)

"""How many channels of each group a budget is best spent on: importances and costs for the knapsack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tfcaps._keras import keras
from tfcaps.pruning import allocate
from tfcaps.pruning.graph import walk
from tfcaps.pruning.methods import knapsack
from tfcaps.pruning.methods.costs import by_layer
from tfcaps.pruning.methods.problem import Problem
from tfcaps.pruning.slots import slots

_POINTS = 9
_ROUNDS = 8


class ChannelBudget:
    """Chooses what stays by importance within a budget.

    Args:
        problem: Groups, costs and target.
        chunk: Numbers of channels are multiples of this, or whole groups.
        double_sided: The part of the cost of a layer that its input channels answer for.
        max_rate: The largest part of a group that may go; `tfcaps.pruning.allocate.moderate_rate` by default.

    Raises:
        ModelError: If the target cannot be met.
    """

    def __init__(
        self, problem: Problem, chunk: int = 1, double_sided: float = 1.0, max_rate: float | None = None
    ) -> None:
        self._problem = problem
        self.slots = slots(problem.graph)
        max_rate = allocate.moderate_rate(problem, align=chunk) if max_rate is None else max_rate
        self._options = {name: _options(group, chunk, max_rate) for name, group in problem.groups.items()}
        smallest = {name: int(options[0]) for name, options in self._options.items()}
        allocate.check_possible(problem, smallest, f"; chunk is {chunk}, max_rate is {max_rate:g}")
        # What a layer writes is the same however much it reads.
        inputs = 0.0 if problem.target.metric == "activation_bytes" else double_sided
        self._shares = _shares(self.slots, inputs)
        read = {slot.group for slot in self.slots if slot.role != "out" and slot.is_kernel}
        self._measured = [
            slot for slot in self.slots if slot.is_kernel and (slot.role != "out" if slot.group in read else True)
        ]
        self.variables: dict[int, Any] = {slot.key: slot.variable for slot in self._measured}

    def importance(self, weights: Mapping[int, np.ndarray], keep: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """|Σ ι| of every item, over the weights that read it and lead to channels that are kept; [size], by group.

        Of a group that no weight reads, the weights that make it count.

        Args:
            weights: ι of every weight in `variables`, by identity.
            keep: What is kept now.
        """
        found = {name: np.zeros(group.size) for name, group in self._problem.groups.items()}
        for slot in self._measured:
            values = weights[slot.key].astype(np.float64)
            for other in self.slots:
                if other.key == slot.key and other.axis != slot.axis and other.role == "out":
                    values = values * other.mask(keep[other.group])
            found[slot.group] += slot.by_item(values).sum(axis=1)
        return {name: np.abs(values) for name, values in found.items()}

    def solve(
        self,
        importance: Mapping[str, np.ndarray],
        limit: float,
        keep: Mapping[str, np.ndarray],
        dead: Mapping[str, np.ndarray] | None = None,
    ) -> dict[str, np.ndarray]:
        """The items that stay: the largest summed importance whose cost is within the limit.

        The cost of a layer depends on both its sides. So the table of costs is made at the widths of now, the
        knapsack solved, and this repeated at the widths it chose; of the solutions that keep the limit in truth, the
        most important one is taken, and filled up with what still fits.

        Args:
            importance: Of every item, by group.
            limit: The largest cost of the model, in the metric of the target.
            keep: What is kept now.
            dead: Items that must not come back.
        """
        scores = {name: np.asarray(values, np.float64) for name, values in importance.items()}
        options = dict(self._options)
        for name, gone in (dead or {}).items():
            # What cannot come back ranks last and is never counted on.
            scores[name] = np.where(gone, -1.0, scores[name])
            most = max(int(options[name][0]), int(np.sum(~gone)))
            options[name] = options[name][options[name] <= most]
        gains = {name: _cumulative(scores[name], options[name]) for name in options}
        sizes = {name: _nearest(options[name], int(np.sum(keep[name]))) for name in options}
        best: tuple[float, dict[str, int]] | None = None
        bound = limit
        for _ in range(_ROUNDS):
            chosen = self._knapsack(options, gains, sizes, bound)
            cost = self._cost(chosen)
            if cost <= limit:
                value = sum(float(gains[name][options[name] == n][0]) for name, n in chosen.items())
                if best is None or value > best[0]:
                    best = value, chosen
            else:
                bound -= cost - limit
            if chosen == sizes:
                break
            sizes = chosen
        counts = best[1] if best else self._descend(options, scores, limit)
        self._fill(options, scores, counts, limit)
        return {name: allocate.top(scores[name], n) for name, n in counts.items()}

    def tables(self, options: Mapping[str, np.ndarray], sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
        """The cost that each group answers for, for each of its options, while the others have `sizes`.

        Costs are computed for a few numbers of channels and straight between them, as MAC, parameters, bytes and
        predicted instructions are.
        """
        found = {}
        for name, own in options.items():
            points = np.unique(own[np.linspace(0, len(own) - 1, _POINTS).round().astype(int)])
            costs = [self._share(name, {**sizes, name: int(n)}) for n in points]
            found[name] = np.interp(own, points, costs)
        return found

    def _knapsack(self, options: Any, gains: Any, sizes: dict[str, int], limit: float) -> dict[str, int]:
        tables = self.tables(options, sizes)
        now = sum(float(tables[name][options[name] == sizes[name]][0]) for name in options)
        budget = limit - self._cost(sizes) + now
        names = list(options)
        chosen = knapsack.solve([gains[name] for name in names], [tables[name] for name in names], budget)
        if chosen is None:
            return {name: int(options[name][0]) for name in names}
        return {name: int(options[name][k]) for name, k in zip(names, chosen, strict=True)}

    def _share(self, group: str, sizes: dict[str, int]) -> float:
        target = self._problem.target
        cost = self._problem.cost.at_counts(sizes)
        layers = by_layer(cost, target.metric, target.board)
        if not layers:
            return float(target.value(cost))
        return sum(share * layers.get(path, 0.0) for path, share in self._shares[group].items())

    def _cost(self, sizes: Mapping[str, int]) -> float:
        return float(self._problem.target.value(self._problem.cost.at_counts(dict(sizes))))

    def _descend(self, options: Any, scores: Any, limit: float) -> dict[str, int]:
        """Down from the largest options, the least important step first, until the limit is kept."""
        counts = {name: int(own[-1]) for name, own in options.items()}
        while self._cost(counts) > limit:
            steps = []
            for name, own in options.items():
                at = int(np.searchsorted(own, counts[name]))
                if at:
                    lost = np.sort(scores[name])[::-1][int(own[at - 1]) : counts[name]].sum()
                    steps.append((float(lost), name, int(own[at - 1])))
            if not steps:
                break
            _, name, n = min(steps)
            counts[name] = n
        return counts

    def _fill(self, options: Any, scores: Any, counts: dict[str, int], limit: float) -> None:
        """Up again where it fits, the most important step first."""
        closed: set[str] = set()
        while True:
            steps = []
            for name, own in options.items():
                at = int(np.searchsorted(own, counts[name])) + 1
                if name not in closed and at < len(own):
                    won = np.sort(scores[name])[::-1][counts[name] : int(own[at])].sum()
                    steps.append((float(won), name, int(own[at])))
            if not steps:
                return
            _, name, n = max(steps)
            before, counts[name] = counts[name], n
            if self._cost(counts) > limit:
                counts[name] = before
                closed.add(name)


def norms_behind(model: Any) -> dict[int, Any]:
    """The batch normalisation that reads each layer's output directly, by identity of the layer."""
    found: dict[int, Any] = {}
    stack = [model]
    while stack:
        makers: dict[int, Any] = {}
        for node in walk.network(stack.pop()).nodes:
            if walk.is_network(node.layer):
                stack.append(node.layer)
            for tensor in walk.tensors((node.args, node.kwargs)):
                if isinstance(node.layer, keras.layers.BatchNormalization) and id(tensor) in makers:
                    found[id(makers[id(tensor)])] = node.layer
            makers.update({id(tensor): node.layer for tensor in node.outputs})
    return found


def _options(group: Any, chunk: int, max_rate: float) -> np.ndarray:
    """The numbers of items that a group may have, rising."""
    numbers = np.arange(allocate.least(group, max_rate, chunk), group.size + 1, chunk)
    return np.unique(np.append(numbers, group.size))


def _cumulative(scores: np.ndarray, options: np.ndarray) -> np.ndarray:
    """Summed importance of the n most important items, for every n."""
    return np.append(0.0, np.cumsum(np.sort(scores)[::-1]))[options]


def _nearest(options: np.ndarray, count: int) -> int:
    return int(options[np.argmin(np.abs(options - count))])


def _shares(all_slots: list[Any], inputs: float) -> dict[str, dict[str, float]]:
    """The part of each layer's cost that each group answers for, by group and path of the layer."""
    readers: dict[str, set[str]] = {}
    writers: dict[str, set[str]] = {}
    for slot in all_slots:
        sides = readers if slot.role == "in" else writers
        sides.setdefault(slot.path, set()).add(slot.group)
    found: dict[str, dict[str, float]] = {slot.group: {} for slot in all_slots}
    for path in readers.keys() | writers.keys():
        reads, writes = readers.get(path, set()), writers.get(path, set())
        both = bool(reads) and bool(writes - reads)
        for group in reads | writes:
            share = 1.0 if not both else inputs if group in reads else 1.0 - inputs
            found[group][path] = share
    return found

"""The multiple-choice knapsack: one option of each group, the largest value within a budget."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfcaps.errors import TfcapsError


def solve(
    values: Sequence[np.ndarray], costs: Sequence[np.ndarray], budget: float, limit: int = 2000
) -> list[int] | None:
    """Choose one option of each group: maximise Σ values subject to Σ costs <= budget.

    Each group is condensed to its Pareto points, those that no cheaper option equals in value; groups are merged pair
    by pair, and every merged front is condensed again and cut off at the budget. The last two fronts are never
    multiplied
    out: for each point of one, the best that still fits is looked up in the other. Costs may be any numbers.

    Args:
        values: Of the options of each group, [n_g].
        costs: Of them, [n_g].
        budget: The largest sum of costs.
        limit: Points of a front; one that grows beyond is thinned to the best of as many equal ranges of costs. Below
            it the answer is exact; above it still within the budget.

    Returns:
        The number of the option of each group, or None if even the cheapest ones exceed the budget.

    Raises:
        TfcapsError: If values and costs do not fit together.
    """
    for value, cost in zip(values, costs, strict=True):
        if value.shape != cost.shape or value.ndim != 1 or not len(value):
            raise TfcapsError(
                f"Expected as many values as costs of each group, got shapes {value.shape} and {cost.shape}"
            )
    if not values:
        return []
    fronts = [_leaf(value, cost, number) for number, (value, cost) in enumerate(zip(values, costs, strict=True))]
    # What all other groups cost at least is never available to one of them.
    spare = budget - sum(float(front.costs[0]) for front in fronts)
    if spare < -1e-9 * max(1.0, abs(budget)):
        return None
    fronts = [front.within(float(front.costs[0]) + spare) for front in fronts]
    while len(fronts) > 2:
        fronts.sort(key=lambda front: len(front.costs))
        a, b = fronts[:2]
        fronts = [*fronts[2:], _merge(a, b, spare, limit)]
    chosen: dict[int, int] = {}
    if len(fronts) == 1:
        fronts[0].trace(len(fronts[0].costs) - 1, chosen)
    else:
        a, b = fronts
        fits = (
            np.searchsorted(b.costs, float(a.costs[0]) + float(b.costs[0]) + spare - a.costs + _slack(budget), "right")
            - 1
        )
        possible = np.flatnonzero(fits >= 0)
        best = possible[np.argmax(a.values[possible] + b.values[fits[possible]])]
        a.trace(int(best), chosen)
        b.trace(int(fits[best]), chosen)
    return [chosen[number] for number in range(len(values))]


class _Front:
    """Pareto points in rising order of cost and value, and where each came from."""

    def __init__(self, values: np.ndarray, costs: np.ndarray) -> None:
        self.values, self.costs = values, costs

    def trace(self, point: int, chosen: dict[int, int]) -> None:
        """Enter the options that make a point, by group."""
        raise NotImplementedError

    def take(self, points: np.ndarray) -> _Front:
        """Some of the points."""
        raise NotImplementedError

    def within(self, cost: float) -> _Front:
        """The points up to a cost; the cheapest one always."""
        return self.take(np.arange(max(1, int(np.searchsorted(self.costs, cost + _slack(cost), "right")))))


class _Leaf(_Front):
    def __init__(self, values: np.ndarray, costs: np.ndarray, group: int, options: np.ndarray) -> None:
        super().__init__(values, costs)
        self._group, self._options = group, options

    def trace(self, point: int, chosen: dict[int, int]) -> None:
        chosen[self._group] = int(self._options[point])

    def take(self, points: np.ndarray) -> _Front:
        return _Leaf(self.values[points], self.costs[points], self._group, self._options[points])


class _Merged(_Front):
    def __init__(
        self,
        values: np.ndarray,
        costs: np.ndarray,
        parents: tuple[_Front, _Front],
        points: tuple[np.ndarray, np.ndarray],
    ) -> None:
        super().__init__(values, costs)
        self._parents, self._points = parents, points

    def trace(self, point: int, chosen: dict[int, int]) -> None:
        for parent, points in zip(self._parents, self._points, strict=True):
            parent.trace(int(points[point]), chosen)

    def take(self, points: np.ndarray) -> _Front:
        a, b = self._points
        return _Merged(self.values[points], self.costs[points], self._parents, (a[points], b[points]))


def _leaf(values: np.ndarray, costs: np.ndarray, group: int) -> _Front:
    values, costs = np.asarray(values, np.float64), np.asarray(costs, np.float64)
    points = _pareto(values, costs)
    return _Leaf(values[points], costs[points], group, points)


def _merge(a: _Front, b: _Front, spare: float, limit: int) -> _Front:
    costs = (a.costs[:, None] + b.costs[None, :]).ravel()
    values = (a.values[:, None] + b.values[None, :]).ravel()
    most = float(costs[0]) + spare
    fits = np.flatnonzero(costs <= most + _slack(most))
    points = fits[_pareto(values[fits], costs[fits])]
    if len(points) > limit:
        width = (costs[points[-1]] - costs[points[0]]) / limit
        bucket = ((costs[points] - costs[points[0]]) / width).astype(np.int64)
        # The cheapest point stays: what all others may cost is counted from it.
        points = points[np.unique([0, *np.flatnonzero(np.diff(bucket)), len(points) - 1])]
    at_a, at_b = np.divmod(points, len(b.costs))
    return _Merged(values[points], costs[points], (a, b), (at_a, at_b))


def _pareto(values: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """Points that no cheaper or equally cheap one equals in value, by rising cost."""
    order = np.lexsort((-values, costs))
    best = np.maximum.accumulate(values[order])
    better = np.append(True, values[order][1:] > best[:-1])
    return order[better]


def _slack(cost: float) -> float:
    """What rounding may add to a sum of costs."""
    return 1e-9 * max(1.0, abs(cost))

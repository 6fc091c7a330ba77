"""From scores to what stays: remove items in an order until the target is met.

A global threshold, the same rate everywhere and rates of their own for every group are one mechanism with different
keys: items go in the order of rising keys, each group's down to its minimum, and no further than the target asks for.

    keep = allocate.by_threshold(problem, allocate.normalised(scores, "l2"))
    keep = allocate.uniform(problem, scores)
    keep = allocate.by_rates(problem, scores, {"conv1": 0.2, "conv2": 0.6})      # in this proportion
    keep = allocate.cut(scores, {"conv1": 0.2, "conv2": 0.6})                    # exactly these, whatever they cost
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tfcaps.errors import ModelError, TfcapsError

if TYPE_CHECKING:
    from tfcaps.pruning.methods.problem import Problem

Scores = Mapping[str, np.ndarray]
Keep = dict[str, np.ndarray]

NORMS = ("l2", "mean", "max", "none")


def normalised(scores: Scores, how: str = "l2") -> Keep:
    """Scores made comparable between groups.

    Args:
        scores: A score for each item [size], by group.
        how: What each group's are divided by: ``"l2"``, the root of their mean square (Molchanov et al. 2017, section
            2.2, up to the groups' sizes); ``"mean"``; ``"max"``; or ``"none"``.

    Raises:
        TfcapsError: For another name.
    """
    if how not in NORMS:
        raise TfcapsError(f"Expected scores to be normalised by one of {', '.join(NORMS)}, got {how!r}")
    divisors = {
        "l2": lambda s: np.sqrt(np.mean(np.square(s))),
        "mean": lambda s: np.mean(np.abs(s)),
        "max": lambda s: np.max(np.abs(s)),
        "none": lambda s: 1.0,
    }
    found = {}
    for name, values in scores.items():
        values = np.asarray(values, np.float64)
        divisor = divisors[how](values)
        found[name] = values / divisor if divisor > 0.0 else values
    return found


def by_threshold(problem: Problem, scores: Scores, *, max_rate: float | None = 1.0, align: int = 1) -> Keep:
    """Keep what lies above one threshold for all groups.

    Args:
        problem: Groups, costs and target.
        scores: A score for each item [size], by group; groups that are missing stay whole.
        max_rate: The largest part of a group that may go; None takes `moderate_rate`.
        align: Sizes that remain are multiples of this, where a group shrinks at all.

    Returns:
        What stays, for all groups that may be cut. It meets the target, and with any one more item it would not.

    Raises:
        ModelError: If the target cannot be met.
    """
    return _remove(problem, scores, scores, max_rate, align, back=None)


def uniform(problem: Problem, scores: Scores, *, max_rate: float | None = 1.0, align: int = 1) -> Keep:
    """Remove the same part of every group, the items of the lowest scores; otherwise as `by_threshold`."""
    return by_rates(problem, scores, dict.fromkeys(scores, 1.0), max_rate=max_rate, align=align)


def by_rates(
    problem: Problem, scores: Scores, rates: Mapping[str, float], *, max_rate: float | None = 1.0, align: int = 1
) -> Keep:
    """Remove parts of the groups in the proportion of `rates`, as much as the target asks for.

    Args:
        problem: Groups, costs and target.
        scores: A score for each item [size], by group: those of the lowest scores go.
        rates: Not negative; only their proportions matter. A group of rate 0 stays whole.
        max_rate: The largest part of a group that may go; None takes `moderate_rate`.
        align: Sizes that remain are multiples of this.

    Returns:
        What stays, for all groups that may be cut. It meets the target; at most one more item of each group stays than
        its rate says, where the target still allows it.

    Raises:
        ModelError: If the target cannot be met.
    """
    keys = {}
    for name, values in scores.items():
        rate = float(rates.get(name, 0.0))
        if rate > 0.0:
            # The rank at which an item goes when the part t * rate of the group does, so that one t serves them all.
            keys[name] = (_ranks(values) + 0.5) / len(values) / rate
    return _remove(problem, keys, scores, max_rate, align, back=1)


def moderate_rate(problem: Problem, groups: Iterable[str] | None = None, align: int = 1) -> float:
    """A limit for the part of a group that goes: what all give at equal rates, and a fifth of the way from there to 1.

    Without a limit a threshold for all groups may leave one of them a single channel, which no fine-tuning repairs. On
    small networks even 0.4 of the way costs some half point of accuracy that 0.2 does not (benchmarks/pruning.py).

    Args:
        problem: Groups, costs and target.
        groups: Those that are cut; all by default.
        align: Sizes that remain are multiples of this.

    Raises:
        ModelError: If the target cannot be met.
    """
    names = list(problem.groups if groups is None else groups)
    equal = counts(uniform(problem, {name: np.arange(float(problem.groups[name].size)) for name in names}))
    rate = 1.0 - sum(equal[name] for name in names) / sum(problem.groups[name].size for name in names)
    rate += 0.2 * (1.0 - rate)
    while rate < 1.0:  # rounding to whole items, or to multiples, may ask for more
        smallest = {name: least(group, rate, align) for name, group in problem.groups.items() if name in names}
        if problem.target.met(problem.cost.at_counts(smallest)):
            break
        rate = min(1.0, rate + 0.05)
    return rate


def cut(scores: Scores, rates: Mapping[str, float], minimum: Mapping[str, int] | int = 1) -> Keep:
    """Remove exactly the given part of each group, rounded to whole items, whatever the target.

    Args:
        scores: A score for each item [size], by group.
        rates: The part that goes, in [0, 1], by group; 0 if missing.
        minimum: Items that stay at least.
    """
    keep = {}
    for name, values in scores.items():
        least = minimum if isinstance(minimum, int) else minimum[name]
        count = max(least, len(values) - round(rates.get(name, 0.0) * len(values)))
        keep[name] = top(values, count)
    return keep


def top(scores: np.ndarray, count: int) -> np.ndarray:
    """A boolean array with the `count` highest scores true; of equals the first."""
    return _ranks(scores) >= len(scores) - count


def counts(keep: Keep) -> dict[str, int]:
    """How many items stay, by group."""
    return {name: int(np.count_nonzero(items)) for name, items in keep.items()}


def cheapest(problem: Problem, groups: Any = None) -> dict[str, int]:
    """The counts below which nothing may go, by group; `groups` limits what is cut at all."""
    names = set(problem.groups if groups is None else groups)
    return {name: least(group) if name in names else group.size for name, group in problem.groups.items()}


def least(group: Any, max_rate: float = 1.0, align: int = 1) -> int:
    """How many items of a group have to stay when at most the part `max_rate` may go, a multiple of `align` or all."""
    most = max(1, group.minimum, group.size - int(max_rate * group.size + 1e-9))
    return min(group.size, -(-most // align) * align)


def check_possible(problem: Problem, smallest: Mapping[str, int], hint: str = "") -> None:
    """Raise ModelError, which says how much is possible, unless the smallest counts meet the target."""
    cost = problem.cost.at_counts(dict(smallest))
    if not problem.groups:
        raise ModelError(f"pruning: model {problem.model.name!r} has no group of channels that can be cut")
    if not problem.target.met(cost):
        raise ModelError(
            f"pruning: the target {problem.target} cannot be met: with every group cut as far as it can be, "
            f"{problem.target.metric} of {problem.model.name!r} is still {problem.target.value(cost):,.0f} "
            f"({problem.target.ratio(cost):.1%}){hint}"
        )


@dataclass(frozen=True)
class _Step:
    """Some items of one group that go together: after it `count` remain."""

    key: float
    group: str
    count: int
    before: int


def _remove(
    problem: Problem, keys: Scores, scores: Scores, max_rate: float | None, align: int, back: int | None
) -> Keep:
    groups = problem.groups
    if max_rate is None:
        max_rate = moderate_rate(problem, keys, align) if keys else 1.0
    smallest = {n: least(g, max_rate) if n in keys else g.size for n, g in groups.items()}
    check_possible(
        problem, smallest, "" if max_rate >= 1.0 else f"; max_rate is {max_rate:g}, a larger one allows more"
    )
    steps = [s for name in groups if name in keys for s in _steps(name, keys[name], smallest[name], align)]
    steps.sort(key=lambda step: step.key)  # stable: within a group they stay in order

    def after(number: int) -> dict[str, int]:
        sizes = {name: group.size for name, group in groups.items()}
        for step in steps[:number]:
            sizes[step.group] = step.count
        return sizes

    def kept(sizes: dict[str, int]) -> Keep:
        return {name: top(scores[name], n) if name in keys else np.ones(n, bool) for name, n in sizes.items()}

    def met(sizes: dict[str, int]) -> bool:
        return bool(problem.target.met(problem.cost(kept(sizes))))

    low, high = 0, len(steps)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if met(after(middle)) else (middle + 1, high)
    sizes = after(low)
    if not met(sizes):
        check_possible(problem, sizes, f"; sizes are multiples of {align}" if align > 1 else "")
    _put_back(steps[:low], sizes, met, back)
    return kept(sizes)


def _put_back(steps: list[_Step], sizes: dict[str, int], met: Any, most: int | None) -> None:
    """Undo steps, the last ones first and at the most so many of a group, where the target is met all the same."""
    undone: dict[str, int] = {}
    closed: set[str] = set()
    for step in reversed(steps):
        if step.group in closed or undone.get(step.group, 0) == most:
            continue
        sizes[step.group] = step.before
        undone[step.group] = undone.get(step.group, 0) + 1
        if not met(sizes):
            sizes[step.group] = step.count
            closed.add(step.group)


def _steps(group: str, keys: np.ndarray, smallest: int, align: int) -> list[_Step]:
    """The ways down of one group, each with the key at which it is gone."""
    ordered = np.sort(np.asarray(keys, np.float64))
    size = len(ordered)
    steps: list[_Step] = []
    now, key = size, -np.inf
    while True:
        following = now - 1 if align == 1 else (now - 1) // align * align
        if following < smallest:
            return steps
        key = max(key, float(ordered[size - now : size - following].mean()))
        steps.append(_Step(key, group, following, now))
        now = following


def _ranks(scores: np.ndarray) -> np.ndarray:
    """The place of each item in rising order, 0 ... size-1; of equals the last comes first."""
    scores = np.asarray(scores, np.float64)
    order = np.lexsort((-np.arange(len(scores)), scores))
    ranks = np.empty(len(scores), np.int64)
    ranks[order] = np.arange(len(scores))
    return ranks

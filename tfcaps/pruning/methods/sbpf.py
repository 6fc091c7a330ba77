"""`sbpf`: a layer that hurts when it is damaged keeps its filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfcaps.errors import ModelError, TfcapsError
from tfcaps.pruning import allocate
from tfcaps.pruning.allocate import Scores
from tfcaps.pruning.masks import Masks
from tfcaps.pruning.methods.base import METHODS, Keep, Method, check_choice, check_count, check_number
from tfcaps.pruning.methods.magnitude import magnitudes
from tfcaps.pruning.methods.problem import Evaluator, Problem, take

FILTERS = ("l1", "random")


@METHODS.register("sbpf")
class SBPF(Method):
    """SBPF: Sensitiveness Based Pruning Framework (Lu et al. 2022).

    A reconstruction: the text of the paper was not available. Its abstract says that a layer's importance is the loss
    of accuracy when extra damage is added to it, which needs no fully trained model, and that filters are removed
    from each layer in proportion to the quantified sensitiveness, in several steps. This is our reading of it:

    1. A_0 is the accuracy on held-out images; A_l(d) that with a random part d of the items of group l removed, the
       mean of several draws, without training.
    2. The sensitiveness of the group is S_l = mean_d max(0, A_0 - A_l(d)) / A_0.
    3. Its rate is p_l = t (1 - S_l / max S), at most `max_rate`, with one t for all groups that meets the target; see
       `rates` for a given number of filters. The most sensitive group is cut only when all others are at their limit.
    4. Within a group the filters of the smallest mean |w| go.
    5. ``steps=q`` measures, prunes and fine-tunes q times.

    Args:
        damages: The parts d.
        repeats: Draws for each.
        samples: Held-out images that accuracies are measured on.
        filters: Which filters of a group go: ``"l1"`` or ``"random"``.
        max_rate: The largest part of a group that may go; `tfcaps.pruning.allocate.moderate_rate` by default.
        align: Sizes that remain are multiples of this.
        **common: See `Method`.
    """

    name = "sbpf"
    title = "Layers lose filters the more, the less damage to them costs accuracy (SBPF)"
    source = "Lu et al. 2022, arXiv 2208.04588 (reconstruction)"
    needs_data = True

    def __init__(
        self,
        *,
        damages: Sequence[float] = (0.1, 0.3, 0.5, 0.7, 0.9),
        repeats: int = 3,
        samples: int = 1000,
        filters: str = "l1",
        max_rate: float | None = None,
        align: int = 1,
        **common: Any,
    ) -> None:
        super().__init__(**common)
        if not isinstance(damages, (list, tuple)):
            raise TfcapsError(f"{self.name}: expected damages to be numbers such as (0.3, 0.6), got {damages!r}")
        for damage in damages:
            check_number(self.name, "damages", damage, 0.0, 1.0)
        check_count(self.name, "number of damages", len(damages))
        check_count(self.name, "repeats", repeats)
        check_count(self.name, "samples", samples)
        check_choice(self.name, "filters", filters, FILTERS)
        if max_rate is not None:
            check_number(self.name, "max_rate", max_rate, 0.0, 1.0)
        check_count(self.name, "align", align)
        self.damages = tuple(damages)
        self.repeats = repeats
        self.samples = samples
        self.filters = filters
        self.max_rate = max_rate
        self.align = align

    def select(self, problem: Problem) -> Keep:
        """Measure, and cut in proportion."""
        sensitiveness = self.measure(problem)
        weights = tolerance(sensitiveness)
        scores: Scores = magnitudes(problem, 1)
        if self.filters == "random":
            scores = {name: problem.rng.random(group.size) for name, group in problem.groups.items()}
        # A weight of nearly nothing is used only once all others are at their limit.
        rates = {name: max(weight, 1e-6) for name, weight in weights.items()}
        keep = allocate.by_rates(problem, scores, rates, max_rate=self.max_rate, align=self.align)
        problem.notes["sensitiveness"] = sensitiveness
        problem.notes["rates"] = {name: 1.0 - float(items.mean()) for name, items in keep.items()}
        return keep

    def measure(self, problem: Problem) -> dict[str, float]:
        """S of every group; the model is bit-identical afterwards."""
        x, y = problem.held_out()
        chosen = slice(0, self.samples)
        x, y = take(x, chosen), take(y, chosen)
        evaluator = Evaluator(problem)
        masks = Masks(problem.graph, sides="all")
        before = evaluator.quality(x, y)[0]
        if before == 0.0:
            raise ModelError("sbpf: the model gets no held-out image right; train it a little before pruning it")
        found: dict[str, float] = {}
        total = len(problem.groups) * len(self.damages) * self.repeats
        for name, group in problem.groups.items():
            losses = []
            for damage in self.damages:
                after = []
                for _ in range(self.repeats):
                    left = max(group.minimum, group.size - round(damage * group.size))
                    masks.set({name: allocate.top(problem.rng.random(group.size), left)})
                    with masks.applied():
                        after.append(evaluator.quality(x, y)[0])
                    problem.show("sensitiveness", len(found) * total // len(problem.groups), total)
                losses.append(max(0.0, (before - float(np.mean(after))) / abs(before)))
            found[name] = float(np.mean(losses))
        return found


def tolerance(sensitiveness: Mapping[str, float]) -> dict[str, float]:
    """1 - S_l / max S: what rates are proportional to; 1 for all if nothing is sensitive."""
    largest = max(sensitiveness.values(), default=0.0)
    return {name: 1.0 - value / largest if largest > 0.0 else 1.0 for name, value in sensitiveness.items()}


def rates(
    sensitiveness: Mapping[str, float], sizes: Mapping[str, int], total: float, max_rate: float = 0.95
) -> dict[str, float]:
    """Rates p_l that remove a given part of all filters: Σ p_l N_l = total · Σ N_l.

    Args:
        sensitiveness: S_l, by group.
        sizes: N_l, by group.
        total: The part of all filters that goes.
        max_rate: The largest p_l; one filter stays in any case. What it takes from one group the others have to give,
            and the most sensitive group gives what they cannot.

    Raises:
        ModelError: If no rates up to `max_rate` remove so many.
    """
    names = list(sizes)
    counts = np.array([sizes[name] for name in names], np.float64)
    caps = np.minimum(max_rate, 1.0 - 1.0 / counts)
    wanted = total * counts.sum()
    if wanted > caps @ counts + 1e-9:
        raise ModelError(
            f"sbpf: {total:.1%} of the filters cannot go: with at most {max_rate:.0%} of every group it is "
            f"{caps @ counts / counts.sum():.1%}"
        )
    weights = np.array([tolerance(sensitiveness)[name] for name in names])
    found = np.zeros(len(names))
    for weight in (weights, np.where(weights > 0.0, 0.0, 1.0)):
        open_ = (weight > 0.0) & (found < caps)
        while open_.any() and (missing := wanted - found @ counts) > 1e-9:
            step = missing / (weight[open_] @ counts[open_])
            room = np.min((caps[open_] - found[open_]) / weight[open_])
            found[open_] += min(step, room) * weight[open_]
            open_ &= found < caps - 1e-12
    return {name: float(rate) for name, rate in zip(names, found, strict=True)}

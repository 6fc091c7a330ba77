"""`complexity`: the most complex layer loses filters, before any training."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfcaps._keras import keras
from tfcaps.pruning import allocate
from tfcaps.pruning.methods.base import METHODS, Keep, Method, check_choice, check_count, check_number
from tfcaps.pruning.methods.costs import by_layer
from tfcaps.pruning.methods.problem import Problem
from tfcaps.pruning.slots import slots

MODES = ("parameters", "macs", "memory")
RULES = ("largest", "above_mean")
_FIGURES = {"parameters": "parameters", "macs": "macs", "memory": "activation_bytes"}


@METHODS.register("complexity")
class Complexity(Method):
    """Complexity-driven compression (Zawish, Davy, Abraham 2022): PA, FA and MA, pruned before training.

    A reconstruction: the text of the paper was not available. Its abstract says that the complexity of a layer decides
    which layer is pruned, in three modes (parameters, operations, memory), that filters are not ranked and that the
    pruned network is trained directly. This is our reading of it:

    1. The share of layer l is C_l = X_l / Σ_j X_j, with X its parameters (mode PA), multiply-accumulates (FA) or
       bytes of output (MA).
    2. While the target is not met, the layer of the largest share that can still be cut, the first of equals, loses
       ⌈rate · n⌉ of its n filters, and all shares are computed again: its readers became cheaper too.
    3. Of every layer the first filters stay; the weights are drawn anew, and the network is trained from scratch, once.

    Args:
        mode: ``"parameters"``, ``"macs"`` or ``"memory"``. The target may be of another figure.
        rule: ``"largest"``, the loop above; ``"above_mean"`` (ours), all at once: every layer of a share above 1/L
            loses filters in proportion to its share.
        rate: Part of the filters that goes at a time.
        max_rate: The largest part of a layer that may go; `tfcaps.pruning.allocate.moderate_rate` by default.
        align: Sizes that remain are multiples of this.
        survivors: ``"first"`` or ``"random"``: which filters stay, where it matters which image sees which weights.
        **common: See `Method`.
    """

    name = "complexity"
    title = "The layer with most parameters, MACs or memory loses filters before training (PA / FA / MA)"
    source = "Zawish et al. 2022, arXiv 2208.12816 (reconstruction)"
    from_scratch = True

    def __init__(
        self,
        *,
        mode: str = "macs",
        rule: str = "largest",
        rate: float = 0.1,
        max_rate: float | None = None,
        align: int = 1,
        survivors: str = "first",
        **common: Any,
    ) -> None:
        super().__init__(**common)
        check_choice(self.name, "mode", mode, MODES)
        check_choice(self.name, "rule", rule, RULES)
        check_number(self.name, "rate", rate, 0.001, 1.0)
        if max_rate is not None:
            check_number(self.name, "max_rate", max_rate, 0.0, 1.0)
        check_count(self.name, "align", align)
        check_choice(self.name, "survivors", survivors, ("first", "random"))
        self.mode = mode
        self.rule = rule
        self.rate = rate
        self.max_rate = max_rate
        self.align = align
        self.survivors = survivors

    def select(self, problem: Problem) -> Keep:
        """Cut the most complex layers."""
        order = {}
        for name, group in problem.groups.items():
            places = np.arange(group.size) if self.survivors == "first" else problem.rng.permutation(group.size)
            order[name] = -places.astype(np.float64)
        if self.rule == "above_mean":
            full = problem.cost.at_counts({name: group.size for name, group in problem.groups.items()})
            shares = self.shares(problem, full)
            rates = {
                group: max(0.0, share - 1.0 / len(shares)) and share
                for group, share in _largest(problem, shares).items()
            }
            return allocate.by_rates(problem, order, rates, max_rate=self.max_rate, align=self.align)
        sizes = self._descend(problem)
        return {name: allocate.top(order[name], count) for name, count in sizes.items()}

    def finish(self, model: Any, problem: Problem) -> Any:
        """The same architecture with fresh weights."""
        keras.utils.set_random_seed(int(problem.rng.integers(2**31)))
        return keras.models.clone_model(model)

    def shares(self, problem: Problem, cost: Any) -> dict[str, float]:
        """C_l of every layer that costs anything."""
        found = {name: value for name, value in by_layer(cost, _FIGURES[self.mode]).items() if value > 0}
        total = sum(found.values())
        return {name: value / total for name, value in found.items()}

    def _descend(self, problem: Problem) -> dict[str, int]:
        sizes = {name: group.size for name, group in problem.groups.items()}
        most = allocate.moderate_rate(problem, align=self.align) if self.max_rate is None else self.max_rate
        smallest = {n: allocate.least(g, most, self.align) for n, g in problem.groups.items()}
        allocate.check_possible(problem, smallest, "; allow a larger max_rate")
        chosen = problem.notes.setdefault("chosen", [])
        while not problem.target.met(problem.cost.at_counts(sizes)):
            shares = _largest(problem, self.shares(problem, problem.cost.at_counts(sizes)))
            group = max((name for name in shares if sizes[name] > smallest[name]), key=lambda name: shares[name])
            before = sizes[group]
            step = max(1, math.ceil(self.rate * before - 1e-9))
            sizes[group] = max(smallest[group], (before - step) // self.align * self.align)
            chosen.append(group)
        if chosen:  # the last step goes no further than the target asks for
            while sizes[group] + self.align < before:
                sizes[group] += self.align
                if not problem.target.met(problem.cost.at_counts(sizes)):
                    sizes[group] -= self.align
                    break
        return sizes


def _largest(problem: Problem, shares: dict[str, float]) -> dict[str, float]:
    """The largest share among the layers that make each group."""
    found = dict.fromkeys(problem.groups, 0.0)
    for slot in slots(problem.graph):
        if slot.role == "out":
            found[slot.group] = max(found[slot.group], shares.get(slot.path, 0.0))
    return found

"""`taylor`: how much the loss would change without an item, to first order."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfcaps.pruning.allocate import Scores
from tfcaps.pruning.methods.base import METHODS, check_count
from tfcaps.pruning.methods.problem import Problem
from tfcaps.pruning.methods.scored import ScoreMethod
from tfcaps.pruning.methods.training import GradientMeter
from tfcaps.pruning.slots import Slot, slots


@METHODS.register("taylor")
class Taylor(ScoreMethod):
    """First-order Taylor importance (Molchanov et al. 2019, "Importance Estimation for Neural Network Pruning").

    The score of an item is (Σ g w)² over the parameters w that scale its activation and their gradients g (equation 8
    with the gate of section 3.3), averaged over batches. Behind a batch normalisation these are its gamma and beta: the
    weights of a convolution in front of it would sum to nearly nothing, as their scale does not matter. Elsewhere they
    are the filter and its bias, which together stand for a gate on the pre-activation. Gradients are taken in inference
    mode.

    Args:
        samples: Training images that are looked at.
        allocation: As in `ScoreMethod`; global by default.
        **common: See `ScoreMethod`.
    """

    name = "taylor"
    title = "Filters whose loss would change least, by first-order Taylor expansion, go"
    source = "baseline: Molchanov et al. 2019, arXiv 1906.10771"
    needs_data = True

    def __init__(self, *, samples: int = 512, allocation: str = "global", **common: Any) -> None:
        super().__init__(allocation=allocation, **common)
        check_count(self.name, "samples", samples)
        self.samples = samples

    def scores(self, problem: Problem) -> Scores:
        """The mean squares, by group."""
        meter = GradientMeter(problem)
        gates = {name: _gates(found) for name, found in _writers(problem).items()}
        total = {name: np.zeros(problem.groups[name].size) for name in gates}
        batches = problem.batches(*problem.calibration(self.samples))
        for number, (x, y) in enumerate(batches, 1):
            gradients = {id(v): g for v, g in zip(meter.variables, meter(x, y), strict=True)}
            for name, layers in gates.items():
                for gate in layers:
                    total[name] += sum(_product(slot, gradients) for slot in gate) ** 2 / len(batches)
            problem.show("gradients", number, len(batches))
        return total


def _writers(problem: Problem) -> dict[str, list[Slot]]:
    """The weights that compute each group's items."""
    found: dict[str, list[Slot]] = {}
    for slot in slots(problem.graph):
        if slot.writes:
            found.setdefault(slot.group, []).append(slot)
    return found


def _gates(writers: list[Slot]) -> list[list[Slot]]:
    """The parameters that scale the items, layer by layer: norms alone where there are any."""
    norms = [slot for slot in writers if slot.name in ("gamma", "beta")]
    layers: dict[int, list[Slot]] = {}
    for slot in norms or writers:
        layers.setdefault(id(slot.layer), []).append(slot)
    return list(layers.values())


def _product(slot: Slot, gradients: dict[int, Any]) -> np.ndarray:
    """Σ g w of each item, [size]."""
    gradient = gradients.get(slot.key)
    if gradient is None:
        return np.zeros(slot.size)
    return slot.by_item(np.asarray(slot.variable) * gradient).sum(axis=1)

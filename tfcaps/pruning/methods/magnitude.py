"""`l1` and `l2`: the size of a filter's weights."""

from __future__ import annotations

import numpy as np

from tfcaps.pruning.allocate import Scores
from tfcaps.pruning.methods.base import METHODS
from tfcaps.pruning.methods.problem import Problem
from tfcaps.pruning.methods.scored import ScoreMethod
from tfcaps.pruning.slots import filters


@METHODS.register("l1")
class L1(ScoreMethod):
    """The mean of the absolute weights of a filter, Σ|w| / n.

    Li et al. 2017, "Pruning Filters for Efficient ConvNets". The paper sums and compares within a layer only; the
    mean is the same there. Of an item that several layers compute (a residual stream) the scores are averaged.
    """

    name = "l1"
    title = "Filters of the smallest mean absolute weight go"
    source = "baseline: Li et al. 2017"

    def scores(self, problem: Problem) -> Scores:
        """The means, by group."""
        return magnitudes(problem, 1)


@METHODS.register("l2")
class L2(ScoreMethod):
    """The root of the mean square of a filter's weights, √(Σw² / n); otherwise as `L1`."""

    name = "l2"
    title = "Filters of the smallest Euclidean norm go"
    source = "baseline"

    def scores(self, problem: Problem) -> Scores:
        """The roots of mean squares, by group."""
        return magnitudes(problem, 2)


def magnitudes(problem: Problem, order: int) -> Scores:
    """The mean of |w| (order 1) or the root of the mean of w² (order 2) of each item's weights, by group."""
    found = {}
    for name, layers in filters(problem.graph).items():
        parts = [np.mean(np.abs(matrix) ** order, axis=1) ** (1.0 / order) for matrix in layers]
        found[name] = np.mean(parts, axis=0)
    return found

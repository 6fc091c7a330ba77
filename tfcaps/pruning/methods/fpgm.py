"""`fpgm`: filters that the others of their layer can stand in for."""

from __future__ import annotations

import numpy as np

from tfcaps.pruning.allocate import Scores
from tfcaps.pruning.methods.base import METHODS
from tfcaps.pruning.methods.problem import Problem
from tfcaps.pruning.methods.scored import ScoreMethod
from tfcaps.pruning.slots import filters


@METHODS.register("fpgm")
class FPGM(ScoreMethod):
    """Filter pruning via geometric median (He et al. 2019).

    The score of a filter is its summed distance to the filters of its layer, g(x) = Σ_j |x - F_j| (equation 6): those
    nearest to the geometric median have the smallest and go. Of an item that several layers compute, the distances
    are averaged over the layers, each divided by its mean, so that none outweighs the others by its scale.
    """

    name = "fpgm"
    title = "Filters nearest to their layer's geometric median go"
    source = "baseline: He et al. 2019, arXiv 1811.00250"

    def scores(self, problem: Problem) -> Scores:
        """The summed distances, by group."""
        found = {}
        for name, layers in filters(problem.graph).items():
            parts = []
            for matrix in layers:
                squares = np.sum(matrix**2, axis=1)
                between = np.maximum(squares[:, None] + squares[None, :] - 2.0 * matrix @ matrix.T, 0.0)
                distances = np.sqrt(between).sum(axis=1)
                mean = distances.mean()
                parts.append(distances / mean if mean > 0.0 else distances)
            found[name] = np.mean(parts, axis=0)
        return found

"""`lamp`: squared norms relative to what would remain of the layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfcaps.pruning.allocate import Scores
from tfcaps.pruning.methods.base import METHODS
from tfcaps.pruning.methods.problem import Problem
from tfcaps.pruning.methods.scored import ScoreMethod
from tfcaps.pruning.slots import filters


@METHODS.register("lamp")
class LAMP(ScoreMethod):
    """Layer-adaptive magnitude (Lee et al. 2021), for filters instead of single weights.

    With the filters of a layer sorted by norm, score(u) = |F_u|² / Σ_{v ≥ u} |F_v|²: the part that a filter has in what
    is left once all smaller ones are gone. The largest of every layer scores 1, so no layer vanishes and the scores
    compare between layers as they are. Of an item that several layers compute the squared norms are added.

    Args:
        allocation: As in `ScoreMethod`; global by default.
        normalise: As in `ScoreMethod`; none by default.
        **common: See `ScoreMethod`.
    """

    name = "lamp"
    title = "Filters of the smallest part in what remains of their layer go"
    source = "baseline: Lee et al. 2021, arXiv 2010.07611"

    def __init__(self, *, allocation: str = "global", normalise: str = "none", **common: Any) -> None:
        super().__init__(allocation=allocation, normalise=normalise, **common)

    def scores(self, problem: Problem) -> Scores:
        """The parts, by group."""
        found = {}
        for name, layers in filters(problem.graph).items():
            squares = np.sum([np.sum(matrix**2, axis=1) for matrix in layers], axis=0)
            order = np.argsort(squares, kind="stable")
            left = np.cumsum(squares[order][::-1])[::-1]
            scores = np.empty_like(squares)
            scores[order] = np.divide(squares[order], left, out=np.zeros_like(left), where=left > 0.0)
            found[name] = scores
        return found

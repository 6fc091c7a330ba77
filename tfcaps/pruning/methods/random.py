"""`random`: what any other method has to beat."""

from __future__ import annotations

from tfcaps.pruning.allocate import Scores
from tfcaps.pruning.methods.base import METHODS
from tfcaps.pruning.methods.problem import Problem
from tfcaps.pruning.methods.scored import ScoreMethod


@METHODS.register("random")
class Random(ScoreMethod):
    """Scores drawn at random, the same part of every group by default; see `ScoreMethod` for the arguments."""

    name = "random"
    title = "Any filters go"
    source = "baseline"

    def scores(self, problem: Problem) -> Scores:
        """Uniform random numbers, by group."""
        return {name: problem.rng.random(group.size) for name, group in problem.groups.items()}

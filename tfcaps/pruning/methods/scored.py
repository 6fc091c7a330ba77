"""The base of methods that score every item of a model as it is, and remove the lowest."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from tfcaps.pruning import allocate
from tfcaps.pruning.allocate import Scores
from tfcaps.pruning.methods.base import Keep, Method, check_choice, check_count, check_number
from tfcaps.pruning.methods.problem import Problem

ALLOCATIONS = ("uniform", "global")


class ScoreMethod(Method):
    """A method that is one function: a score for every item.

    Args:
        allocation: ``"uniform"``, the same part of every group, in which the scores are only compared within a group;
            or ``"global"``, one threshold for the scores of all groups. The default of each method is its paper's.
        normalise: What makes the scores of groups comparable, see `tfcaps.pruning.allocate.normalised`.
        max_rate: The largest part of a group that may go; `tfcaps.pruning.allocate.moderate_rate` by default.
        align: Sizes that remain are multiples of this, where a group shrinks: 4 suits kernels that take four channels
            at a time.
        **common: See `Method`.

    Raises:
        TfcapsError: For options that make no sense.
    """

    def __init__(
        self,
        *,
        allocation: str = "uniform",
        normalise: str = "l2",
        max_rate: float | None = None,
        align: int = 1,
        **common: Any,
    ) -> None:
        super().__init__(**common)
        check_choice(self.name, "allocation", allocation, ALLOCATIONS)
        check_choice(self.name, "normalise", normalise, allocate.NORMS)
        if max_rate is not None:
            check_number(self.name, "max_rate", max_rate, 0.0, 1.0)
        check_count(self.name, "align", align)
        self.allocation = allocation
        self.normalise = normalise
        self.max_rate = max_rate
        self.align = align

    @abstractmethod
    def scores(self, problem: Problem) -> Scores:
        """A score for each item [size], by group; the higher the more important."""

    def select(self, problem: Problem) -> Keep:
        """Keep the items of the highest scores."""
        scores = self.scores(problem)
        problem.notes["scores"] = scores
        if self.allocation == "uniform":
            return allocate.uniform(problem, scores, max_rate=self.max_rate, align=self.align)
        comparable = allocate.normalised(scores, self.normalise)
        return allocate.by_threshold(problem, comparable, max_rate=self.max_rate, align=self.align)

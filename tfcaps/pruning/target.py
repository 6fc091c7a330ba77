"""What a pruned model may cost: one metric and its limit.

Target.read({"macs": 0.5}, dense)                                    # half of the multiply-accumulates
Target.read({"instructions": 2_000_000, "board": "cortex-m4"}, dense)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tfcaps.errors import TfcapsError
from tfcaps.pruning.cost import METRICS, Cost

DEFAULT_BOARD = "cortex-m4"


@dataclass(frozen=True)
class Target:
    """At most so much of one metric.

    Attributes:
        metric: One of `METRICS`: parameters, macs, activation_bytes, arena_bytes, instructions.
        limit: Its largest value, absolute.
        whole: Its value before pruning.
        board: Whose instructions; None for other metrics.
    """

    metric: str
    limit: float
    whole: float
    board: str | None = None

    def value(self, cost: Cost) -> float:
        """The metric's value."""
        return cost.metric(self.metric, self.board)

    def met(self, cost: Cost) -> bool:
        """Whether a cost is within the limit."""
        return self.value(cost) <= self.limit

    def ratio(self, cost: Cost) -> float:
        """The part of the metric that a cost leaves; the target is met at ``limit / whole``."""
        return self.value(cost) / self.whole

    def part(self, fraction: float) -> Target:
        """The target of a step on the way: this fraction of the whole reduction."""
        return replace(self, limit=self.whole - fraction * (self.whole - self.limit))

    def __str__(self) -> str:
        where = f" on {self.board}" if self.board else ""
        return f"{self.limit:,.0f} {self.metric}{where}, {self.limit / self.whole:.0%} of {self.whole:,.0f}"

    @classmethod
    def read(cls, given: Target | Mapping[str, Any], dense: Cost) -> Target:
        """What a user means.

        Args:
            given: ``{metric: value}``, and ``"board"`` beside instructions (by default "cortex-m4"). A float up to 1.0
                is the fraction that remains, any other number an absolute one. A Target is taken as it is.
            dense: The cost of the model before pruning.

        Raises:
            TfcapsError: It names no metric or several, or its value is no positive number.
        """
        if isinstance(given, Target):
            return given
        if not isinstance(given, Mapping):
            raise TfcapsError(f"Expected target to be a dict such as {{'macs': 0.5}}, got {given!r}")
        named = [name for name in given if name != "board"]
        if len(named) != 1 or named[0] not in METRICS:
            raise TfcapsError(
                f"Expected target to name one of {', '.join(METRICS)}, got {', '.join(map(str, named)) or 'nothing'}"
            )
        (metric,) = named
        board = given.get("board")
        if board is not None and metric != "instructions":
            raise TfcapsError(f"Expected a board beside a target in instructions only, got it beside {metric}")
        if metric == "instructions" and board is None:
            board = DEFAULT_BOARD
        value = given[metric]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
            raise TfcapsError(f"Expected the target in {metric} to be a positive number, got {value!r}")
        whole = dense.metric(metric, board)
        is_fraction = isinstance(value, float) and value <= 1.0
        return cls(metric, value * whole if is_fraction else float(value), whole, board)

"""`eagleeye`: many random prunings, judged after their normalisation has been adapted; the best one wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from tfcaps.pruning import allocate
from tfcaps.pruning.masks import Masks
from tfcaps.pruning.methods.adaptive_norm import AdaptiveNorm
from tfcaps.pruning.methods.base import METHODS, Keep, Method, check_choice, check_count, check_number
from tfcaps.pruning.methods.magnitude import magnitudes
from tfcaps.pruning.methods.problem import Evaluator, Problem, take
from tfcaps.pruning.slots import slots


@METHODS.register("eagleeye")
class EagleEye(Method):
    """EagleEye (Li et al. 2020).

    "Towards Efficient Capsule Networks" (Renzulli, Grangetto 2022) prunes its backbones with it.

    1. Draw random rates for all groups and scale them so that the slimmed model costs what the target allows, within
       half a per cent where the sizes of the groups permit.
    2. In every group the filters of the smallest mean |w| go.
    3. Estimate the statistics of all batch normalisations again on some training batches; weights do not change.
    4. Measure the accuracy on held-out images.
    5. Repeat for all candidates, keep the best, and fine-tune only that one.

    The network may be any; of one with a capsule head (`tfcaps.models.capsule_head`) the number of capsule types
    follows the slimmed backbone, T = C // caps_dim, as the head would have been built on it.

    Rates are drawn uniformly and then scaled together, where the authors reject draws that miss the target.

    Args:
        candidates: Random rates that are tried.
        batches: Training batches for the statistics.
        samples: Held-out images that accuracies are measured on.
        adapt: Estimate the statistics again; without it candidates are judged with those of the whole model.
        tolerance: How far from the target a candidate may be; if none is so near, the best of all counts.
        max_rate: The largest part of a group that may go.
        types: ``"follow"``, or ``"free"`` to draw a rate for the capsule types too.
        **common: See `Method`.
    """

    name = "eagleeye"
    title = "The best of many random rates, judged after adapting batch normalisation, wins (EagleEye)"
    source = "Renzulli, Grangetto 2022, arXiv 2208.09203; Li et al. 2020, arXiv 2007.02491"
    needs_data = True

    def __init__(
        self,
        *,
        candidates: int = 50,
        batches: int = 20,
        samples: int = 1000,
        adapt: bool = True,
        tolerance: float = 0.005,
        max_rate: float = 0.8,
        types: str = "follow",
        **common: Any,
    ) -> None:
        super().__init__(**common)
        check_count(self.name, "candidates", candidates)
        check_count(self.name, "batches", batches)
        check_count(self.name, "samples", samples)
        check_number(self.name, "tolerance", tolerance, 0.0, 1.0)
        check_number(self.name, "max_rate", max_rate, 0.0, 1.0)
        check_choice(self.name, "types", types, ("follow", "free"))
        check_choice(self.name, "adapt", adapt, (True, False))
        self.candidates = candidates
        self.batches = batches
        self.samples = samples
        self.adapt = bool(adapt)
        self.tolerance = tolerance
        self.max_rate = max_rate
        self.types = types

    def select(self, problem: Problem) -> Keep:
        """The best candidate."""
        found = self.draw(problem)
        qualities = self.judge(problem, found)
        ratios = [problem.target.ratio(problem.cost(keep)) for keep in found]
        wanted = problem.target.limit / problem.target.whole
        near = [k for k, ratio in enumerate(ratios) if abs(ratio - wanted) <= self.tolerance] or list(range(len(found)))
        best = max(near, key=lambda k: qualities[k])
        problem.notes["candidates"] = [
            {"counts": allocate.counts(keep), "ratio": ratio, "accuracy": quality[0]}
            for keep, ratio, quality in zip(found, ratios, qualities, strict=True)
        ]
        problem.notes["chosen"] = best
        return found[best]

    def finish(self, model: Any, problem: Problem) -> Any:
        """The small model with statistics of its own."""
        if self.adapt:
            AdaptiveNorm(model)(self._training_batches(problem))
        return model

    def draw(self, problem: Problem) -> list[Keep]:
        """Candidates that meet the target, no two alike; fewer than asked for if there are not so many."""
        scores = magnitudes(problem, 1)
        tied = followers(problem) if self.types == "follow" else {}
        inner = replace(problem, cost=_Tied(problem, tied, scores))
        free = {name: values for name, values in scores.items() if name not in tied}
        found: dict[tuple[int, ...], Keep] = {}
        for _ in range(4 * self.candidates):
            rates = {name: problem.rng.uniform(0.01, 1.0) for name in free}
            keep = inner.cost.follow(allocate.by_rates(inner, free, rates, max_rate=self.max_rate))
            found.setdefault(tuple(allocate.counts(keep).values()), keep)
            if len(found) == self.candidates:
                break
        return list(found.values())

    def judge(self, problem: Problem, candidates: list[Keep]) -> list[tuple[float, float]]:
        """Quality of each candidate on held-out images; the model is bit-identical afterwards."""
        x, y = problem.held_out()
        x, y = take(x, slice(0, self.samples)), take(y, slice(0, self.samples))
        batches = self._training_batches(problem)
        evaluator, adapt = Evaluator(problem), AdaptiveNorm(problem.model)
        masks = Masks(problem.graph, sides="all")
        before = adapt.save()
        found = []
        for keep in candidates:
            masks.set(keep)
            with masks.applied():
                if self.adapt:
                    adapt(batches)
                found.append(evaluator.quality(x, y))
            adapt.restore(before)
            problem.show("candidates", len(found), len(candidates))
        return found

    def _training_batches(self, problem: Problem) -> list[Any]:
        x, y = problem.calibration(self.batches * problem.batch_size)
        batches = [part for part, _ in problem.batches(x, y)]
        # A batch of another size would compile everything again and count too much.
        return [part for part in batches if _size(part) == _size(batches[0])]


def followers(problem: Problem) -> dict[str, tuple[str, int]]:
    """Groups of capsule types that a head makes of all channels of its backbone.

    Returns:
        By the name of the types' group: the group that its convolution reads, and the channels of a type.
    """
    found = {}
    everything = slots(problem.graph)
    for made in everything:
        if made.role != "out" or not made.is_kernel:
            continue
        dim = int(np.bincount(made.items[made.items >= 0]).max())
        for read in everything:
            if read.key == made.key and read.reads and dim > 1 and read.size // dim == made.size:
                found[made.group] = (read.group, dim)
    return found


class _Tied:
    """A cost model in which some groups have no say: their sizes follow those of others."""

    def __init__(self, problem: Problem, tied: Mapping[str, tuple[str, int]], scores: allocate.Scores) -> None:
        self._cost, self._tied, self._groups, self._scores = problem.cost, tied, problem.groups, scores

    def complete(self, counts: Mapping[str, int]) -> dict[str, int]:
        """The counts with those of the groups that follow."""
        counts = {**{name: group.size for name, group in self._groups.items()}, **counts}
        for name, (leader, dim) in self._tied.items():
            counts[name] = max(self._groups[name].minimum, counts[leader] // dim)
        return counts

    def follow(self, keep: Keep) -> Keep:
        """What stays, with as many of the groups that follow, those of the highest scores."""
        sizes = self.complete(allocate.counts(keep))
        return {**keep, **{name: allocate.top(self._scores[name], sizes[name]) for name in self._tied}}

    def at_counts(self, counts: Mapping[str, int]) -> Any:
        """The cost."""
        return self._cost.at_counts(self.complete(counts))

    def __call__(self, keep: Keep) -> Any:
        """The cost."""
        return self._cost(self.follow(keep))


def _size(batch: Any) -> int:
    return len(batch[0]) if isinstance(batch, (list, tuple)) else len(batch)

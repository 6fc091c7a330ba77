"""`capsules`: capsule types that are short, or that nobody listens to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tfcaps.errors import ModelError
from tfcaps.layers import CapsuleDense
from tfcaps.pruning.allocate import Scores
from tfcaps.pruning.methods.base import METHODS, check_choice, check_count
from tfcaps.pruning.methods.evaluate_nodes import evaluate
from tfcaps.pruning.methods.problem import Problem
from tfcaps.pruning.methods.scored import ScoreMethod
from tfcaps.pruning.slots import slots

SCORES = ("length", "votes")


@METHODS.register("capsules")
class Capsules(ScoreMethod):
    """Whole types of input capsules go; an extension of ours to "Towards Efficient Capsule Networks" (2022).

    That paper prunes the backbone, and the number of capsule types follows; no capsule is ever looked at. Here the
    score of an input capsule is its length weighted by its couplings, over calibration images:

        score_i = mean_b |u_i| · Σ_j c_ij           score="length"
        score_i = mean_b Σ_j c_ij |û_ij|            score="votes"

    and that of a type the mean over its capsules. A capsule of score 0 says nothing and can go without changing any
    output. The couplings of plain dynamic routing sum to one over j, so that the first score is the length itself;
    with leaky routing it is not. The second also sees through which transformation a capsule speaks.

    Only groups of capsules that a `CapsuleDense` reads are cut; other groups stay whole.

    Args:
        score: Which of the two.
        samples: Calibration images.
        **common: See `ScoreMethod`.
    """

    name = "capsules"
    title = "Types of capsules of the smallest coupling-weighted length go"
    source = "extension of arXiv 2208.09203"
    needs_data = True

    def __init__(self, *, score: str = "length", samples: int = 512, **common: Any) -> None:
        super().__init__(**common)
        check_choice(self.name, "score", score, SCORES)
        check_count(self.name, "samples", samples)
        self.score = score
        self.samples = samples

    def scores(self, problem: Problem) -> Scores:
        """The mean scores of the capsules of each type, by group.

        Raises:
            ModelError: If no group of capsules can be cut.
        """
        measured = measure(problem, self.samples)
        found = {}
        for slot in slots(problem.graph):
            if slot.reads and isinstance(slot.layer, CapsuleDense):
                capsules = measured[id(slot.layer)]
                scores = capsules.lengths if self.score == "length" else capsules.votes
                # Items lie on the rows of the kernel, [I*K]: the first row of each capsule says whose it is.
                items = slot.items.reshape(len(scores), -1)[:, 0]
                own = items >= 0
                counts = np.maximum(np.bincount(items[own], minlength=slot.size), 1)
                found[slot.group] = np.bincount(items[own], scores[own], minlength=slot.size) / counts
        if not found:
            raise ModelError(
                f"capsules: model {problem.model.name!r} has no types of capsules that can be cut; use another method"
            )
        problem.notes["entropy"] = {capsules.layer: capsules.entropy for capsules in measured.values()}
        return found


@dataclass(frozen=True)
class InputCapsules:
    """What the input capsules of one `CapsuleDense` do, over calibration images.

    Attributes:
        layer: The layer's name.
        lengths: Mean |u_i| Σ_j c_ij, [I].
        votes: Mean Σ_j c_ij |û_ij|, [I].
        entropy: Mean entropy of an input capsule's couplings over the output capsules, divided by that of equal ones: 1
            where routing decides nothing, 0 where each capsule speaks to one output only.
    """

    layer: str
    lengths: np.ndarray
    votes: np.ndarray
    entropy: float


def measure(problem: Problem, samples: int) -> dict[int, InputCapsules]:
    """Run calibration images through the model and look at every `CapsuleDense`; by identity of the layer.

    Raises:
        ModelError: If there is none.
    """
    sums: dict[int, list[Any]] = {}
    layers: dict[int, CapsuleDense] = {}
    x, y = problem.calibration(samples)
    batches = problem.batches(x, y)
    total = 0
    for number, (images, _) in enumerate(batches, 1):
        for record in evaluate(problem.model, images):
            if isinstance(record.layer, CapsuleDense):
                layers[id(record.layer)] = record.layer
                found = _one_batch(record.layer, record.inputs[0])
                before = sums.setdefault(id(record.layer), [0.0, 0.0, 0.0])
                sums[id(record.layer)] = [a + b for a, b in zip(before, found, strict=True)]
        total += len(np.asarray(images[0] if isinstance(images, (list, tuple)) else images))
        problem.show("capsules", number, len(batches))
    if not sums:
        raise ModelError(f"capsules: model {problem.model.name!r} has no CapsuleDense layer; use another method")
    return {
        key: InputCapsules(layers[key].name, lengths / total, votes / total, float(entropy) / total)
        for key, (lengths, votes, entropy) in sums.items()
    }


def _one_batch(layer: CapsuleDense, u: Any) -> list[Any]:
    """Sums over a batch: lengths [I], votes [I], entropy."""
    couplings = np.asarray(layer.route(u, return_couplings=True)[1], np.float64)
    votes = np.linalg.norm(np.asarray(layer.votes(u), np.float64), axis=-1)
    lengths = np.linalg.norm(np.asarray(u, np.float64), axis=-1)
    parts = couplings / couplings.sum(axis=1, keepdims=True)
    entropy = -np.sum(parts * np.log(np.maximum(parts, 1e-30)), axis=1).mean(axis=1) / max(
        np.log(couplings.shape[1]), 1e-30
    )
    return [(lengths * couplings.sum(axis=1)).sum(axis=0), (couplings * votes).sum(axis=(0, 1)), entropy.sum()]

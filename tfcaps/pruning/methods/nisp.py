"""`nisp`: the importance of the final response, propagated back to every neuron."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from tfcaps.errors import ModelError, TfcapsError
from tfcaps.layers import CapsuleDense
from tfcaps.pruning.allocate import Scores
from tfcaps.pruning.methods.base import METHODS, check_count, check_number
from tfcaps.pruning.methods.evaluate_nodes import Record, evaluate
from tfcaps.pruning.methods.problem import Problem
from tfcaps.pruning.methods.propagate import Bound, layer_classes
from tfcaps.pruning.methods.scored import ScoreMethod
from tfcaps.pruning.slots import Slot, slots


@METHODS.register("nisp")
class NISP(ScoreMethod):
    """NISP: Neuron Importance Score Propagation (Yu et al. 2018).

    1. The *final response layer* is what the classifier reads: the input of the last dense layer, or the class
       capsules. Its neurons are ranked by `infinite_feature_selection` on their activations.
    2. Importances are propagated: s_k = |W_{k+1}|^T s_{k+1}, see `tfcaps.pruning.methods.propagate`. Biases and the
       slopes of activations are left out, as in the paper's bound of the reconstruction error (theorem 1 with C = 1);
       batch normalisation counts with its factor |gamma| / sqrt(variance), where the paper says nothing.
    3. The score of an item is the sum over all positions at which it is read. All groups are pruned at once, in every
       one the same part (section 3.5).

    An item of a residual stream is read in several places: each counts, once, with what passes through this reader.

    Args:
        samples: Training images whose responses are ranked.
        alpha: Weight of a response's spread against its independence of the others.
        ratio: r times the spectral radius: how much long paths between responses count, below 1.
        response: Name of the layer whose output is the final response; found by itself if left out.
        **common: See `ScoreMethod`.
    """

    name = "nisp"
    title = "Neurons that matter least to the final response go (NISP with Inf-FS)"
    source = "Yu et al. 2018, arXiv 1711.05908"
    needs_data = True

    def __init__(
        self,
        *,
        samples: int = 512,
        alpha: float = 0.5,
        ratio: float = 0.9,
        response: str | None = None,
        **common: Any,
    ) -> None:
        super().__init__(**common)
        check_count(self.name, "samples", samples, low=2)
        if response is not None and not isinstance(response, str):
            raise TfcapsError(f"{self.name}: expected response to be the name of a layer, got {response!r}")
        check_number(self.name, "alpha", alpha, 0.0, 1.0)
        check_number(self.name, "ratio", ratio, 0.0, 0.999)
        self.samples = samples
        self.alpha = float(alpha)
        self.ratio = float(ratio)
        self.response = response

    def scores(self, problem: Problem) -> Scores:
        """Importances summed over positions, by group."""
        images, _ = problem.calibration(self.samples)
        parts = []
        for x, _ in problem.batches(images):
            records = evaluate(problem.model, x)
            parts.append(np.asarray(_tensor(records, *find_response(records, self.response))))
            problem.show("responses", len(parts), -(-self.samples // problem.batch_size))
        activations = np.concatenate(parts).reshape(sum(map(len, parts)), -1)
        response = infinite_feature_selection(activations, self.alpha, self.ratio)
        problem.notes["response"] = response
        return propagate(problem, response, self.response)


def find_response(records: list[Record], name: str | None) -> tuple[int, str]:
    """The final response layer: (number of the call, "inputs" or "outputs").

    Raises:
        ModelError: If there is none.
    """
    if name is not None:
        named = [k for k, record in enumerate(records) if record.layer.name == name]
        if not named:
            raise ModelError(f"nisp: expected response to be the name of a layer, got {name!r}")
        return named[-1], "outputs"
    capsules = [k for k, record in enumerate(records) if isinstance(record.layer, CapsuleDense)]
    if capsules:
        return capsules[-1], "outputs"
    readers = [k for k, record in enumerate(records) if isinstance(record.layer, layer_classes())]
    if not readers:
        raise ModelError("nisp: the model has no dense layer and no class capsules; name the final response=...")
    return readers[-1], "inputs"


def infinite_feature_selection(activations: np.ndarray, alpha: float = 0.5, ratio: float = 0.9) -> np.ndarray:
    """Rank features by all paths between them (Inf-FS: Roffo et al. 2015).

    A_ij = alpha max(σ_i, σ_j) + (1 - alpha) (1 - |ρ_ij|) with σ the standard deviations divided by the largest and ρ
    Spearman's rank correlation; the scores are the row sums of Σ_{l≥1} (r A)^l = (I - r A)^-1 - I with r = ratio /
    spectral radius of A.

    Args:
        activations: [N, n].
        alpha: As in the formula.
        ratio: As in the formula; below 1, so that the series converges.

    Returns:
        The scores, [n], not negative.

    Raises:
        TfcapsError: For fewer than two rows.
    """
    activations = np.asarray(activations, np.float64)
    if activations.ndim != 2 or len(activations) < 2:
        raise TfcapsError(f"Expected activations [N, n] of at least two images, got shape {activations.shape}")
    affinity = affinities(activations, alpha)
    radius = np.abs(np.linalg.eigvalsh(affinity)).max()
    if radius == 0.0:
        return np.zeros(len(affinity))
    ones = np.ones(len(affinity))
    return np.linalg.solve(np.eye(len(affinity)) - ratio / radius * affinity, ones) - ones


def affinities(activations: np.ndarray, alpha: float) -> np.ndarray:
    """The matrix A of `infinite_feature_selection`, [n, n]."""
    deviations = activations.std(axis=0)
    spread = deviations / deviations.max() if deviations.max() > 0.0 else deviations
    ranks = np.stack([_average_ranks(column) for column in activations.T], axis=1)
    ranks -= ranks.mean(axis=0)
    lengths = np.sqrt(np.sum(ranks**2, axis=0))
    ranks = np.divide(ranks, lengths, out=np.zeros_like(ranks), where=lengths > 0.0)
    correlation = np.clip(np.abs(ranks.T @ ranks), 0.0, 1.0)
    return alpha * np.maximum.outer(spread, spread) + (1.0 - alpha) * (1.0 - correlation)


def propagate(problem: Problem, response: np.ndarray, name: str | None = None) -> Scores:
    """Importances of all items from those of the final response.

    Args:
        problem: The model and its graph.
        response: Importance of each neuron of the final response, flattened.
        name: Its layer, as in `NISP`.

    Returns:
        The scores, [size], by group.
    """
    shapes = [tuple(tensor.shape)[1:] for tensor in tf.nest.flatten(problem.model.inputs)]
    ones = [tf.ones((1, *(size or 1 for size in shape))) for shape in shapes]
    with tf.GradientTape() as tape:
        for tensor in ones:
            tape.watch(tensor)
        records = evaluate(problem.model, ones, Bound())
        target = _tensor(records, *find_response(records, name))
    tensors = [tensor for record in records for tensor in (*record.inputs, *record.outputs)]
    importance = tf.reshape(tf.constant(response, target.dtype), target.shape)
    found = tape.gradient(target, tensors, importance, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    gradients = {id(tensor): gradient.numpy() for tensor, gradient in zip(tensors, found, strict=True)}
    scores = {group: np.zeros(g.size) for group, g in problem.groups.items()}
    for slot in _places(problem):
        for record in records:
            if record.layer is slot.layer:
                for tensor in record.inputs if slot.reads else record.outputs:
                    scores[slot.group] += _by_item(slot, gradients[id(tensor)])
    return scores


def _tensor(records: list[Record], number: int, side: str) -> Any:
    return getattr(records[number], side)[0]


def _places(problem: Problem) -> list[Slot]:
    """One slot for each layer that reads a group; for each that makes it where none reads it."""
    chosen: dict[tuple[str, int], Slot] = {}
    all_slots = slots(problem.graph)
    read = {slot.group for slot in all_slots if slot.reads}
    for slot in all_slots:
        if slot.is_kernel and (slot.reads or slot.group not in read):
            chosen.setdefault((slot.group, id(slot.layer)), slot)
    return list(chosen.values())


def _by_item(slot: Slot, gradient: np.ndarray) -> np.ndarray:
    """Sum a gradient over all positions that hold an item, [size]."""
    length = len(slot.items)
    if gradient.shape[-1] != length and gradient.size != length:
        raise ModelError(
            f"nisp: layer {slot.layer.name!r} has channels in several parts (a grouped convolution?), through which "
            "importance cannot be counted"
        )
    values = gradient.reshape(-1, length).sum(axis=0) if gradient.shape[-1] == length else gradient.reshape(-1)
    own = slot.items >= 0
    return np.bincount(slot.items[own], values[own], minlength=slot.size)


def _average_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks of which equals share the mean."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2.0)[inverse]

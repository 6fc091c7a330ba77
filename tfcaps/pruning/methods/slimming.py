"""`slimming`: train with a penalty on the scales of channels, then cut where they became small."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfcaps._keras import keras
from tfcaps.errors import ModelError
from tfcaps.pruning import allocate
from tfcaps.pruning.allocate import Scores
from tfcaps.pruning.methods.base import METHODS, Keep, Method, check_choice, check_count, check_number
from tfcaps.pruning.methods.problem import Problem
from tfcaps.pruning.methods.training import train
from tfcaps.pruning.slots import Slot, slots
from tfcaps.pruning.step_hook import StepHook

WITHOUT_NORM = ("filters", "whole", "error")


@METHODS.register("slimming")
class Slimming(Method):
    """Network slimming (Liu et al. 2017): L1 on the scales gamma of batch normalisation, one threshold for all of them.

    1. Train with loss + strength · Σ|gamma|, by the sub-gradient: strength · sign(gamma) is added to gamma's gradient.
    2. Sort all |gamma| of the model and cut from the smallest on, down to one channel a group at the least, until the
       target is met. The paper cuts a given part of the channels; the threshold is global in both.
    3. Build the thinner network and fine-tune it. With ``steps=n`` this is the multi-pass scheme of section 3.

    In a residual stream the score of a channel is the mean of its |gamma| over all normalisations on the stream,
    where the paper selects channels behind each. gamma of a normalisation starts as it is, the paper sets 0.5.

    Groups without a batch normalisation have no gamma. Our extension ``without_norm="filters"`` gives them one: the
    norm |F| of a channel's filter, divided by the mean norm in its group before the training, with the sub-gradient
    strength · F/|F| (a group lasso). ``"whole"`` leaves them whole, ``"error"`` refuses the model.

    Args:
        strength: λ. The paper takes 1e-4 (VGG) and 1e-5 (ResNet, DenseNet) for 125,000 steps; shorter trainings need
            more.
        epochs: Of the training with the penalty; the problem's if left out.
        learning_rate: Of stochastic gradient descent, divided by 10 after half and three quarters of the epochs. The
            paper takes 0.1.
        momentum: Of it.
        weight_decay: Added to the gradients of kernels as ``weight_decay * w``.
        max_rate: The largest part of a group that may go; `tfcaps.pruning.allocate.moderate_rate` by default. The paper
            has no limit, 1.0, at which one channel stays.
        without_norm: What becomes of groups without gamma.
        **common: See `Method`.
    """

    name = "slimming"
    title = "Channels whose batch-norm scale an L1 penalty made small go (network slimming)"
    source = "Liu et al. 2017, arXiv 1708.06519"
    needs_data = True

    def __init__(
        self,
        *,
        strength: float = 1e-3,
        epochs: int | None = None,
        learning_rate: float = 0.05,
        momentum: float = 0.9,
        weight_decay: float = 1e-4,
        max_rate: float | None = None,
        without_norm: str = "filters",
        **common: Any,
    ) -> None:
        super().__init__(**common)
        check_number(self.name, "strength", strength, 0.0)
        if epochs is not None:
            check_count(self.name, "epochs", epochs)
        check_number(self.name, "learning_rate", learning_rate, 0.0)
        check_number(self.name, "momentum", momentum, 0.0, 0.999)
        check_number(self.name, "weight_decay", weight_decay, 0.0)
        if max_rate is not None:
            check_number(self.name, "max_rate", max_rate, 0.0, 1.0)
        check_choice(self.name, "without_norm", without_norm, WITHOUT_NORM)
        self.strength = strength
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.weight_decay = weight_decay
        self.max_rate = max_rate
        self.without_norm = without_norm

    def prepare(self, problem: Problem) -> Any:
        """Train with the penalty."""
        scales = _scales(problem, self.without_norm)
        epochs = problem.epochs if self.epochs is None else self.epochs
        rates = [
            self.learning_rate * (0.1 if 2 * e >= epochs else 1) * (0.1 if 4 * e >= 3 * epochs else 1)
            for e in range(epochs)
        ]
        problem.notes["units"] = {s.group: _norms(s).mean() for group in scales.values() for s in group if s.is_kernel}
        if epochs:
            train(
                problem,
                _Penalty(scales, self.strength, self.weight_decay, problem.notes["units"]),
                what="sparsity training",
                epochs=epochs,
                optimizer=keras.optimizers.SGD(self.learning_rate, self.momentum),
                callbacks=[keras.callbacks.LearningRateScheduler(lambda epoch: rates[epoch])],
            )
        return problem.model

    def scores(self, problem: Problem) -> Scores:
        """The mean |gamma| of every channel, by group."""
        units = problem.notes.get("units", {})
        found = {}
        for name, group in _scales(problem, self.without_norm).items():
            parts = [_norms(s) / units.get(name, 1.0) if s.is_kernel else _gammas(s) for s in group]
            found[name] = np.mean(parts, axis=0)
        return found

    def select(self, problem: Problem) -> Keep:
        """Cut below one threshold."""
        scores = self.scores(problem)
        problem.notes["scores"] = scores
        return allocate.by_threshold(problem, scores, max_rate=self.max_rate)


class _Penalty(StepHook):
    """Adds the sub-gradient of strength · Σ|scale|, and weight decay."""

    def __init__(self, scales: dict[str, list[Slot]], strength: float, decay: float, units: dict[str, float]) -> None:
        self._slots = {slot.key: slot for group in scales.values() for slot in group}
        self._strength, self._decay, self._units = strength, decay, units

    def gradients(self, variables: Sequence[Any], gradients: list[Any]) -> list[Any]:
        """See the class."""
        found = []
        for variable, gradient in zip(variables, gradients, strict=True):
            if gradient is not None:
                value = tf.convert_to_tensor(variable)
                gradient = tf.convert_to_tensor(gradient)
                slot = self._slots.get(id(variable))
                if slot is not None:
                    gradient += self._strength * self._direction(slot, value)
                if self._decay and len(variable.shape) > 1:
                    gradient += self._decay * value
            found.append(gradient)
        return found

    def _direction(self, slot: Slot, value: tf.Tensor) -> tf.Tensor:
        if not slot.is_kernel:
            return tf.sign(value)
        # The norm over all positions of an item, brought back to each of them; a position of no item gets none.
        others = [axis for axis in range(len(value.shape)) if axis != slot.axis]
        squares = tf.reduce_sum(tf.square(value), axis=others)
        own = np.eye(slot.size, dtype=np.float32)[np.maximum(slot.items, 0)] * (slot.items >= 0)[:, None]
        norms = tf.linalg.matvec(own, tf.sqrt(tf.linalg.matvec(own, squares, transpose_a=True)))
        norms = tf.reshape(norms, [-1 if axis == slot.axis else 1 for axis in range(len(value.shape))])
        # A filter of mean norm is pulled as a gamma of 1 is: its part of the way to zero per step is the same.
        return tf.math.divide_no_nan(value, norms) * tf.cast(self._units[slot.group], value.dtype)


def _scales(problem: Problem, without_norm: str) -> dict[str, list[Slot]]:
    """The weights that scale each group: its gammas, or the kernels that make it."""
    found: dict[str, list[Slot]] = {}
    for name in problem.groups:
        own = [slot for slot in slots(problem.graph) if slot.group == name]
        gammas = [s for s in own if s.name == "gamma" and type(s.layer).__name__ == "BatchNormalization"]
        if not gammas and without_norm == "error":
            raise ModelError(
                f"slimming: group {name!r} has no batch normalisation with a scale; use without_norm='filters' or "
                "'whole'"
            )
        if not gammas and without_norm == "filters":
            gammas = [slot for slot in own if slot.role == "out" and slot.is_kernel]
        if gammas:
            found[name] = gammas
    if not found:
        raise ModelError(
            f"slimming: model {problem.model.name!r} has no batch normalisation with a scale behind a channel that "
            "can be cut; use without_norm='filters'"
        )
    return found


def _gammas(slot: Slot) -> np.ndarray:
    """|gamma| of each item, [size]."""
    return np.abs(slot.by_item(np.asarray(slot.variable))).mean(axis=1)


def _norms(slot: Slot) -> np.ndarray:
    """Euclidean norm of each item's filter, [size]."""
    return np.linalg.norm(slot.by_item(np.asarray(slot.variable)), axis=1)

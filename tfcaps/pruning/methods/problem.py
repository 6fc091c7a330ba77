"""What a pruning method works on: the model and its groups, what it may cost, the images, and how to train."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from tfcaps._keras import keras
from tfcaps.errors import DataError


@dataclass
class Problem:
    """One pruning of one model.

    Attributes:
        model: The model to prune: a copy, which a method may train in place.
        graph: Its `tfcaps.pruning.ChannelGraph`.
        cost: Its cost model: ``cost(keep)`` and ``cost.at_counts({group: items})``.
        target: What may remain: ``target.met(cost)`` and ``target.ratio(cost)``.
        x_train: Training images [N, ...], or a list of such arrays for a model with several inputs.
        y_train: Their labels, as the loss expects them.
        x_val: Held-out images, never trained on; used to compare candidates.
        y_val: Their labels.
        loss: What ``compile`` takes as loss.
        optimizer: Makes an optimiser from a learning rate; Adam by default.
        rng: Source of all randomness.
        batch_size: Images in a step.
        learning_rate: Of the training that a method does itself.
        epochs: Of that training, for methods that do not say how long they train.
        progress: Called with (what is being done, done, total) by whatever takes long.
        notes: What a method found out on its way, for the report: plain values and arrays by name.
    """

    model: Any
    graph: Any
    cost: Any
    target: Any
    x_train: Any = None
    y_train: Any = None
    x_val: Any = None
    y_val: Any = None
    loss: Any = "sparse_categorical_crossentropy"
    optimizer: Callable[[float], Any] | None = None
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    batch_size: int = 64
    learning_rate: float = 1e-3
    epochs: int = 1
    progress: Callable[[str, int, int], None] | None = None
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def groups(self) -> Mapping[str, Any]:
        """The groups that may be cut, by name."""
        return {group.name: group for group in self.graph.prunable}

    def everything(self) -> dict[str, np.ndarray]:
        """Keep all items of all groups that may be cut."""
        return {name: np.ones(group.size, bool) for name, group in self.groups.items()}

    def show(self, what: str, done: int, total: int) -> None:
        """Tell how far something is."""
        if self.progress is not None:
            self.progress(what, done, total)

    def make_optimizer(self, learning_rate: float | None = None) -> Any:
        """A new optimiser with the problem's learning rate, or another."""
        rate = self.learning_rate if learning_rate is None else learning_rate
        return keras.optimizers.Adam(rate) if self.optimizer is None else self.optimizer(rate)

    def require_data(self, method: str) -> None:
        """Raise DataError unless there are training images and labels."""
        if self.x_train is None or self.y_train is None or not _length(self.x_train):
            raise DataError(f"pruning method {method!r} needs training images and labels: pass data=(x_train, y_train)")

    def calibration(self, count: int) -> tuple[Any, Any]:
        """`count` random training images and their labels, or all if there are fewer."""
        total = _length(self.x_train)
        chosen = self.rng.permutation(total)[: min(count, total)]
        return take(self.x_train, chosen), take(self.y_train, chosen)

    def held_out(self) -> tuple[Any, Any]:
        """The held-out images and labels; training images where none are held out."""
        if self.x_val is None or not _length(self.x_val):
            return self.x_train, self.y_train
        return self.x_val, self.y_val

    def batches(self, x: Any, y: Any = None) -> list[tuple[Any, Any]]:
        """Images and labels cut into batches, in order."""
        starts = range(0, _length(x), self.batch_size)
        parts = [slice(start, start + self.batch_size) for start in starts]
        return [(take(x, part), None if y is None else take(y, part)) for part in parts]


class Evaluator:
    """Measures a model again and again while its weights change in place; compiled once.

    Args:
        problem: Names the loss and the size of a batch.
        model: The model; by default the problem's.
    """

    def __init__(self, problem: Problem, model: Any = None) -> None:
        self._problem = problem
        model = problem.model if model is None else model
        self._forward = tf.function(lambda x: model(x, training=False), reduce_retracing=True)

    def outputs(self, x: Any) -> np.ndarray:
        """What the model makes of images, its first output if it has several."""
        found = [tf.nest.flatten(self._forward(part))[0].numpy() for part, _ in self._problem.batches(x)]
        return np.concatenate(found)

    def quality(self, x: Any, y: Any) -> tuple[float, float]:
        """How good the model is: the larger the better, compared from left to right.

        Returns:
            For class labels and an output [N, classes] accuracy and minus the loss, otherwise minus the loss twice.
        """
        found = self.outputs(x)
        labels = np.asarray(tf.nest.flatten(y)[0])
        loss = self._problem.loss
        first = tf.nest.flatten(loss)[0] if isinstance(loss, (list, tuple, dict)) else loss
        function = keras.losses.get(first)
        value = -float(np.mean(np.asarray(function(tf.constant(labels), tf.constant(found)))))
        hits = correct(found, labels)
        return (value if hits is None else float(hits.mean())), value


def correct(outputs: np.ndarray, labels: np.ndarray) -> np.ndarray | None:
    """Whether each image is classified right, [N]; None if these are no classes.

    Args:
        outputs: Class scores [N, J].
        labels: Integers [N] or [N, 1], or one-hot [N, J].
    """
    if outputs.ndim != 2 or outputs.shape[1] < 2:
        return None
    if labels.shape == outputs.shape:
        return outputs.argmax(axis=1) == labels.argmax(axis=1)
    if labels.size == len(outputs) and np.issubdtype(labels.dtype, np.integer):
        return outputs.argmax(axis=1) == labels.reshape(-1)
    return None


def take(data: Any, index: Any) -> Any:
    """The rows of an array, or of every array in a list or dict of them."""
    return tf.nest.map_structure(lambda part: part[index], data)


def _length(data: Any) -> int:
    return len(tf.nest.flatten(data)[0])

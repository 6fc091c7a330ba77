"""Training as all sub-commands do it. Imports TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tfcaps._keras import keras
from tfcaps.cli import console, quiet
from tfcaps.cli.data import check_fits
from tfcaps.datasets import Dataset
from tfcaps.errors import ModelError
from tfcaps.losses import MarginLoss

quiet.silence_tensorflow()


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        epochs: Passes over the training images.
        batch_size: Images in a step.
        learning_rate: Adam's step size in the first epoch.
        decay: What it is multiplied by from epoch to epoch.
        seed: Of initial weights and the order of the images.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    decay: float
    seed: int

    def steps(self, data: Dataset) -> int:
        """Training steps in all."""
        return -(-len(data.x_train) // self.batch_size) * self.epochs


@dataclass(frozen=True)
class EpochResult:
    """Figures of one epoch; the accuracies are None if they were not measured."""

    epoch: int
    loss: float
    accuracy: float
    test_accuracy: float | None


def fit(
    model: Any, data: Dataset, recipe: Recipe, *, what: str, callbacks: Sequence[Any] = (), test_each_epoch: bool = True
) -> list[EpochResult]:
    """Compile and train `model` on the margin loss of its capsule lengths.

    Args:
        model: From images to lengths; trained in place.
        data: Images and labels.
        recipe: How.
        what: Beside the progress bar.
        callbacks: Keras callbacks to add.
        test_each_epoch: Measure the accuracy on the test images after every epoch, not only after the last.

    Returns:
        What every epoch gave.

    Raises:
        DataError: If the images do not fit the model.
        ModelError: If training diverges.
    """
    keras.utils.set_random_seed(recipe.seed)
    check_fits(data, model.input_shape, model.output_shape[-1])
    model.compile(
        keras.optimizers.Adam(recipe.learning_rate),
        MarginLoss(),
        metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")],
    )
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch: recipe.learning_rate * recipe.decay**epoch)
    has_test = len(data.x_test) > 0
    with console.progress(what, recipe.steps(data)) as show:
        history = model.fit(
            data.x_train,
            data.y_train,
            batch_size=recipe.batch_size,
            epochs=recipe.epochs,
            validation_data=(data.x_test, data.y_test) if has_test else None,
            validation_freq=1 if test_each_epoch else [recipe.epochs],
            callbacks=[schedule, _Show(show), keras.callbacks.TerminateOnNaN(), *callbacks],
            verbose=0,
        ).history
    if not all(map(math.isfinite, history["loss"])):
        raise ModelError(f"{what}: the loss is no number any more; use a smaller --learning-rate")
    tested = iter(history.get("val_accuracy", []))
    results = []
    for k, (loss, accuracy) in enumerate(zip(history["loss"], history["accuracy"], strict=True)):
        measured = has_test and (test_each_epoch or k == recipe.epochs - 1)
        results.append(EpochResult(k + 1, float(loss), float(accuracy), float(next(tested)) if measured else None))
    return results


def report(title: str, results: Sequence[EpochResult], facts: dict[str, Any], as_json: bool) -> None:
    """Print a training run: as JSON the facts with a list ``epochs``, else two tables."""
    if as_json:
        console.print_json({**facts, "epochs": [asdict(result) for result in results]})
        return
    rows = [list(asdict(result).values()) for result in results]
    console.print_table(title, ["epoch", "loss", "training accuracy", "test accuracy"], rows)
    console.print_pairs("", [(name.replace("_", " "), value) for name, value in facts.items()])


class _Show(keras.callbacks.Callback):
    """Moves the progress bar."""

    def __init__(self, show: Any) -> None:
        super().__init__()
        self._show = show
        self._done = 0

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """One step further."""
        self._done += 1
        logs = logs or {}
        self._show(self._done, f"loss {logs.get('loss', 0):.4f}, accuracy {logs.get('accuracy', 0):.4f}")

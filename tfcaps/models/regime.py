"""Two ways to train a capsule head on a trained backbone ("Towards Efficient Capsule Networks", 2022)."""

from __future__ import annotations

from typing import Any

from tfcaps._keras import keras
from tfcaps.errors import ModelError
from tfcaps.losses import MarginLoss
from tfcaps.models.head import HEAD_LAYERS

REGIMES = {"freeze": 1e-4, "finetuning": 1e-5}
"""Learning rates of the paper's configurations, by regime."""


def train_head(
    model: Any,
    x: Any,
    y: Any,
    regime: str = "freeze",
    *,
    epochs: int = 100,
    batch_size: int = 128,
    learning_rate: float | None = None,
    decay: float = 0.99,
    patience: int | None = 10,
    validation_data: Any = None,
    seed: int = 42,
) -> dict[str, list[float]]:
    """Train a model from `capsule_head` in place, on the margin loss with Adam.

    ``"freeze"`` leaves the backbone as it is, to the bit, its batch normalisation in inference mode; ``"finetuning"``
    trains everything, ten times more slowly. The defaults are the paper's; only its augmentation is left to the caller.

    Args:
        model: From `capsule_head`.
        x: Training images.
        y: Their labels, integers or one-hot.
        regime: ``"freeze"`` or ``"finetuning"``.
        epochs: Passes over the images at the most.
        batch_size: Images in a step.
        learning_rate: 1e-4 or 1e-5 if left out, as the regime is.
        decay: What the learning rate is multiplied by from epoch to epoch.
        patience: Stop after so many epochs without a smaller validation loss and take the best weights; only with
            `validation_data`.
        validation_data: (images, labels).
        seed: Of the order of the images.

    Returns:
        Loss and accuracy by epoch, as Keras calls them.

    Raises:
        ModelError: For another regime, or a model without a capsule head.
    """
    if regime not in REGIMES:
        raise ModelError(f"train_head: expected regime to be one of {', '.join(REGIMES)}, got {regime!r}")
    names = {layer.name for layer in model.layers}
    if not set(HEAD_LAYERS) <= names:
        raise ModelError(
            f"train_head: model {model.name!r} has no capsule head; make it with capsule_head(backbone, ...)"
        )
    rate = REGIMES[regime] if learning_rate is None else learning_rate
    backbone = [layer for layer in model.layers if layer.name not in HEAD_LAYERS]
    before = [layer.trainable for layer in backbone]
    keras.utils.set_random_seed(seed)
    callbacks = [keras.callbacks.LearningRateScheduler(lambda epoch: rate * decay**epoch)]
    if validation_data is not None and patience is not None:
        callbacks.append(keras.callbacks.EarlyStopping(patience=patience, restore_best_weights=True))
    try:
        for layer in backbone:
            layer.trainable = regime == "finetuning"
        metrics = [keras.metrics.SparseCategoricalAccuracy("accuracy")] if getattr(y, "ndim", 1) == 1 else ["accuracy"]
        model.compile(keras.optimizers.Adam(rate), MarginLoss(), metrics=metrics)
        return model.fit(
            x,
            y,
            batch_size=batch_size,
            epochs=epochs,
            validation_data=validation_data,
            callbacks=callbacks,
            verbose=0,
        ).history
    finally:
        for layer, trainable in zip(backbone, before, strict=True):
            layer.trainable = trainable

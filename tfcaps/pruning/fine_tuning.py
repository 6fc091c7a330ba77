"""How a pruned model is trained on, and what it is trained for."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from tfcaps._keras import keras
from tfcaps.errors import ModelError, TfcapsError
from tfcaps.layers import CapsuleLength
from tfcaps.losses import MarginLoss


@dataclass(frozen=True)
class FineTuning:
    """How a pruned model is trained on.

    Attributes:
        epochs: Passes over the training images; with several steps of pruning after each of them.
        batch_size: Images in a training step.
        learning_rate: Step size of the first epoch.
        decay: What it is multiplied by from epoch to epoch.
        optimizer: Makes an optimiser from a learning rate; Adam by default.
    """

    epochs: int = 1
    batch_size: int = 128
    learning_rate: float = 1e-3
    decay: float = 1.0
    optimizer: Callable[[float], Any] | None = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        for name, least in (("epochs", 0), ("batch_size", 1)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise TfcapsError(f"fine_tune: expected {name} to be an integer of at least {least}, got {value!r}")
        for name in ("learning_rate", "decay"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
                raise TfcapsError(f"fine_tune: expected {name} to be a positive number, got {value!r}")

    @classmethod
    def read(cls, given: FineTuning | int | Mapping[str, Any] | None) -> FineTuning:
        """What a user means: epochs, a dict of the attributes, or None for no training at all.

        Raises:
            TfcapsError: For anything else.
        """
        if isinstance(given, FineTuning):
            return given
        if given is None:
            return cls(epochs=0)
        if isinstance(given, Mapping):
            known = [field.name for field in fields(cls)]
            unknown = sorted(set(given) - set(known))
            if unknown:
                raise TfcapsError(f"fine_tune has no option {unknown[0]!r}: expected one of {', '.join(known)}")
            return cls(**given)
        if isinstance(given, bool) or not isinstance(given, int):
            raise TfcapsError(f"Expected fine_tune to be a number of epochs or a dict, got {given!r}")
        return cls(epochs=given)

    def callbacks(self) -> list[Any]:
        """What sets the step size of each epoch."""
        return [keras.callbacks.LearningRateScheduler(lambda epoch: self.learning_rate * self.decay**epoch)]


def loss_of(model: Any, loss: Any = None) -> Any:
    """What to train a model for.

    Args:
        model: The model.
        loss: What the user wants; by default the loss that the model is compiled with, the margin loss for one that
            gives capsule lengths, and cross-entropy for one that ends in a softmax.

    Raises:
        ModelError: None of these is known.
    """
    if loss is not None:
        return loss
    compiled = getattr(model, "loss", None)
    if compiled:
        return compiled
    last = model.layers[-1]
    if isinstance(last, CapsuleLength):
        return MarginLoss()
    activation = getattr(getattr(last, "activation", None), "__name__", "")
    if len(model.outputs) == 1 and (activation == "softmax" or isinstance(last, keras.layers.Softmax)):
        return "sparse_categorical_crossentropy"
    raise ModelError(f"model {model.name!r} has no loss to train for: compile it, or pass loss=...")

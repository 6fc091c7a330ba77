"""Masks on weights while a model trains: the values change for the time a step computes, the layers stay as they are.

A masked model computes with w * m. What happens to the dense weights w below the mask m is the mode:

    "soft"        the gradient of the masked weight goes to the dense one, so that it may come back better
    "hard"        the dense weight stays as it was when it was masked
    "permanent"   the dense weight becomes zero: it cannot come back

(Humble et al. 2022 compare the three.) The model needs no wrappers, so that any layer works, in both Keras flavours:

    masks = Masks(graph, mode="soft")
    masks.set(keep)
    with masks.applied():
        model.predict(x)                     # as the shrunken model would
    # here all weights are back, bit for bit
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfcaps.errors import TfcapsError
from tfcaps.pruning.slots import slots
from tfcaps.pruning.step_hook import StepHook

MODES = ("soft", "hard", "permanent")


class Masks(StepHook):
    """A factor for each weight that depends on what stays: 0 or 1 for masked weights, any number for a scale.

    Args:
        graph: The channel graph of the model.
        mode: What happens to the dense weights below the masks.
        sides: Which weights of an item are masked: ``"in"``, those that read it (Humble et al. 2022, section 3.1),
            which is enough for the rest of the model not to see it (and those that compute dimensions of class
            capsules, which no weight reads); ``"all"``, those that compute it as well.
        decay: Of masked weights: the gradient grows by ``decay * (1 - m) * w``.

    Raises:
        TfcapsError: For a mode or sides that do not exist.
    """

    def __init__(self, graph: Any, mode: str = "soft", sides: str = "in", decay: float = 0.0) -> None:
        if mode not in MODES:
            raise TfcapsError(f"Expected the mode of masks to be one of {', '.join(MODES)}, got {mode!r}")
        if sides not in ("in", "all"):
            raise TfcapsError(f"Expected the sides of masks to be one of in, all, got {sides!r}")
        self.mode = mode
        self.decay = float(decay)
        self._slots = [slot for slot in slots(graph) if sides == "all" or slot.reads or slot.silent]
        self._variables: dict[int, Any] = {slot.key: slot.variable for slot in self._slots}
        self._factors = {k: tf.Variable(tf.ones(v.shape, v.dtype), trainable=False) for k, v in self._variables.items()}
        self._dense = {k: tf.Variable(tf.zeros(v.shape, v.dtype), trainable=False) for k, v in self._variables.items()}
        self._scaled: set[int] = set()

    def set(self, keep: Mapping[str, np.ndarray]) -> None:
        """Set the masks: which items of each group stay; groups that are missing stay whole."""
        masks = {key: np.ones(variable.shape, bool) for key, variable in self._variables.items()}
        for slot in self._slots:
            if slot.group in keep:
                masks[slot.key] &= slot.mask(keep[slot.group])
        for key, mask in masks.items():
            if key in self._scaled:
                continue
            self._factors[key].assign(mask.astype(self._factors[key].dtype.as_numpy_dtype))
            if self.mode == "permanent":
                variable = self._variables[key]
                variable.assign(np.where(mask, np.asarray(variable), 0))

    def scale(self, variable: Any, factor: float) -> None:
        """Let the model compute with ``factor * variable``; its gradient is that of the scaled values.

        So the variable learns as if it were not scaled, while the step sees it scaled.
        """
        key = id(variable)
        if key not in self._variables:
            self._variables[key] = variable
            self._factors[key] = tf.Variable(tf.ones(variable.shape, variable.dtype), trainable=False)
            self._dense[key] = tf.Variable(tf.zeros(variable.shape, variable.dtype), trainable=False)
        self._scaled.add(key)
        self._factors[key].assign(tf.fill(self._factors[key].shape, tf.cast(factor, self._factors[key].dtype)))

    def factor(self, variable: Any) -> np.ndarray:
        """What a variable is multiplied by, an array of its shape."""
        key = id(variable)
        return self._factors[key].numpy() if key in self._factors else np.ones(variable.shape, np.float32)

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """Within the block the model computes with the masked weights; afterwards all is as before, bit for bit."""
        self.begin()
        try:
            yield
        finally:
            self.end()

    def fold(self) -> None:
        """Make the scales part of the variables for good; the masks stay."""
        for key in self._scaled:
            self._variables[key].assign(np.asarray(self._variables[key]) * self._factors[key].numpy())
            self._factors[key].assign(tf.ones_like(self._factors[key]))

    def begin(self) -> None:
        """Put the masked weights in place of the dense ones."""
        for key, variable in self._variables.items():
            value = tf.convert_to_tensor(variable)
            self._dense[key].assign(value)
            variable.assign(value * self._factors[key])

    def end(self) -> None:
        """Put the dense weights back."""
        for key, variable in self._variables.items():
            variable.assign(tf.convert_to_tensor(self._dense[key]))

    def gradients(self, variables: Sequence[Any], gradients: list[Any]) -> list[Any]:
        """As the mode says."""
        found = []
        for variable, gradient in zip(variables, gradients, strict=True):
            key = id(variable)
            if gradient is not None and key in self._factors and key not in self._scaled:
                mask = tf.convert_to_tensor(self._factors[key])
                gradient = tf.convert_to_tensor(gradient)
                if self.mode != "soft":
                    gradient *= mask
                if self.decay:
                    gradient += self.decay * (1.0 - mask) * tf.convert_to_tensor(variable)
            found.append(gradient)
        return found

    def after(self) -> None:
        """Undo what an optimiser's momentum or weight decay did to weights that must not change."""
        if self.mode == "soft":
            return
        for key, variable in self._variables.items():
            if key not in self._scaled:
                mask = tf.convert_to_tensor(self._factors[key])
                kept = tf.convert_to_tensor(self._dense[key]) if self.mode == "hard" else tf.zeros_like(mask)
                variable.assign(tf.where(mask > 0, tf.convert_to_tensor(variable), kept))

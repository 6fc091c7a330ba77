"""`Squash`: the squashing non-linearity as a layer."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfcaps import routing
from tfcaps._keras import keras
from tfcaps.errors import ModelError
from tfcaps.layers.base import CapsuleOp


@keras.saving.register_keras_serializable("tfcaps")
class Squash(CapsuleOp):
    """v = |s|²/(1+|s|²) · s/|s| along the last axis (Sabour et al. 2017, equation 1).

    Call arguments:
        inputs: Capsules [B, ..., D], float.

    Returns:
        Capsules of the same shape, each of a length below one; finite value and gradient at zero.

    Raises:
        ModelError: When built on an input without a capsule axis.
    """

    def build(self, input_shape: Any) -> None:
        """Check the capsule axis."""
        shape = tuple(input_shape)
        if len(shape) < 2 or shape[-1] is None:
            raise ModelError(f"Squash {self.name!r}: expected capsules [batch, ..., dim] with a fixed dim, got {shape}")
        super().build(input_shape)

    def compute(self, inputs: tf.Tensor) -> tf.Tensor:
        """The squash."""
        return routing.squash(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's."""
        return input_shape

"""`CapsuleLength`: how present each capsule's entity is."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfcaps import routing
from tfcaps._keras import keras
from tfcaps.errors import ModelError
from tfcaps.layers.base import CapsuleOp


@keras.saving.register_keras_serializable("tfcaps")
class CapsuleLength(CapsuleOp):
    """Euclidean length of each capsule: the probability of its entity.

    Call arguments:
        inputs: Capsules [B, J, D], float.

    Returns:
        Lengths [B, J]; finite value and gradient at zero.

    Raises:
        ModelError: When built on an input without a capsule axis.
    """

    def build(self, input_shape: Any) -> None:
        """Check the capsule axis."""
        shape = tuple(input_shape)
        if len(shape) < 2 or shape[-1] is None:
            raise ModelError(f"CapsuleLength {self.name!r}: expected capsules [batch, J, D], got {shape}")
        super().build(input_shape)

    def compute(self, inputs: tf.Tensor) -> tf.Tensor:
        """The lengths."""
        return routing.length(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's without the last axis."""
        return tuple(input_shape)[:-1]

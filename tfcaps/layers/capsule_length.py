"""`CapsuleLength`: how present each capsule's entity is."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfcaps import routing
from tfcaps._keras import keras
from tfcaps.layers.base import CapsuleWise


@keras.saving.register_keras_serializable("tfcaps")
class CapsuleLength(CapsuleWise):
    """Euclidean length of each capsule: the probability of its entity.

    Call arguments:
        inputs: Capsules [B, J, D], float.

    Returns:
        Lengths [B, J]; finite value and gradient at zero.

    Raises:
        ModelError: When built on an input without a capsule axis.
    """

    def compute(self, inputs: tf.Tensor) -> tf.Tensor:
        """The lengths."""
        return routing.length(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's without the last axis."""
        return tuple(input_shape)[:-1]

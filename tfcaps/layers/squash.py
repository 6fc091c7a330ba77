"""`Squash`: the squashing non-linearity as a layer."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfcaps import routing
from tfcaps._keras import keras
from tfcaps.layers.base import CapsuleWise


@keras.saving.register_keras_serializable("tfcaps")
class Squash(CapsuleWise):
    """v = |s|²/(1+|s|²) · s/|s| along the last axis (Sabour et al. 2017, equation 1).

    Call arguments:
        inputs: Capsules [B, ..., D], float.

    Returns:
        Capsules of the same shape, each of a length below one; finite value and gradient at zero.

    Raises:
        ModelError: When built on an input without a capsule axis.
    """

    def compute(self, inputs: tf.Tensor) -> tf.Tensor:
        """The squash."""
        return routing.squash(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's."""
        return input_shape

"""`CapsuleMask`: keep one capsule for the decoder to look at."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfcaps import routing
from tfcaps._keras import keras
from tfcaps.layers.base import CapsuleOp


@keras.saving.register_keras_serializable("tfcaps")
class CapsuleMask(CapsuleOp):
    """Zero every capsule but one (Sabour et al. 2017, section 4.1).

    It belongs to the training of a decoder and has no integer operator: convert the model without the decoder.

    Call arguments:
        inputs: ``[v, labels]`` keeps the labelled capsule, as in training; ``v`` alone keeps the longest. v is
            [B, J, D]; labels are one-hot [B, J] or integers [B] or [B, 1].

    Returns:
        The masked capsules, [B, J, D].
    """

    def compute(self, inputs: Any) -> tf.Tensor:
        """Mask."""
        if isinstance(inputs, (list, tuple)):
            v, labels = inputs
            if labels.shape.rank == 2 and labels.shape[1] == v.shape[1] and v.shape[1] != 1:
                mask = tf.cast(labels, v.dtype)
            else:
                mask = tf.one_hot(tf.cast(tf.reshape(labels, [-1]), tf.int32), v.shape[1], dtype=v.dtype)
        else:
            v = inputs
            mask = tf.one_hot(tf.argmax(routing.length(v), axis=1), v.shape[1], dtype=v.dtype)
        return v * mask[..., None]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """That of the capsules."""
        first = input_shape[0]
        return first if isinstance(first, (list, tuple)) or hasattr(first, "rank") else input_shape

"""Metrics that Keras does not have."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfcaps._keras import keras


@keras.saving.register_keras_serializable("tfcaps", name="all_present")
def all_present(y_true: Any, y_pred: Any) -> tf.Tensor:
    """Whether exactly the present classes have the largest lengths: the MultiMNIST accuracy.

    An image of k classes counts as right when its k longest capsules are those classes; for one-hot labels this is
    plain accuracy. Use it as ``model.compile(..., metrics=[tfcaps.metrics.all_present])``.

    Args:
        y_true: One-hot or many-hot labels [B, J].
        y_pred: Lengths [B, J].

    Returns:
        1.0 or 0.0 for each image, [B] float32.
    """
    lengths = tf.cast(y_pred, tf.float32)
    present = tf.cast(y_true, tf.float32) > 0.5
    shortest_present = tf.reduce_min(tf.where(present, lengths, float("inf")), axis=-1)
    longest_absent = tf.reduce_max(tf.where(present, float("-inf"), lengths), axis=-1)
    return tf.cast(shortest_present > longest_absent, tf.float32)

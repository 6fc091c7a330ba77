"""The squashing non-linearity of capsules (Sabour et al. 2017, equation 1), and the length that goes with it."""

from __future__ import annotations

import tensorflow as tf

# Keeps 1/|s| and its gradient finite at s = 0; far below the resolution of a float32 sum of squares that matters.
EPSILON = 1e-9


def squash(s: tf.Tensor) -> tf.Tensor:
    """Shrink vectors to a length below one: v = |s|²/(1+|s|²) · s/|s|.

    Args:
        s: [..., D] float; half precision is computed in float32.

    Returns:
        v of the shape and dtype of `s`; value and gradient are finite, and zero, at s = 0.
    """
    wide = _at_least_float32(s)
    n2 = tf.reduce_sum(tf.square(wide), axis=-1, keepdims=True)
    return tf.cast(wide * (n2 / (1.0 + n2) * tf.math.rsqrt(n2 + EPSILON)), s.dtype)


def length(v: tf.Tensor) -> tf.Tensor:
    """Euclidean length of capsules [..., D] -> [...]; value and gradient are finite, and zero, at v = 0."""
    wide = _at_least_float32(v)
    n2 = tf.reduce_sum(tf.square(wide), axis=-1)
    return tf.cast(n2 * tf.math.rsqrt(n2 + EPSILON), v.dtype)


def _at_least_float32(x: tf.Tensor) -> tf.Tensor:
    return x if x.dtype in (tf.float32, tf.float64) else tf.cast(x, tf.float32)

"""The inner tensors of a routing as the integer kernel sees them, for training.

Each function rounds to the fixed point of ``docs/numerics.md`` and lets gradients through unchanged. They have no
state: the formats are the kernel's own, and nothing is to be calibrated.
"""

from __future__ import annotations

import math

import tensorflow as tf

_LOG2_E = math.log2(math.e)


def logits(b: tf.Tensor) -> tf.Tensor:
    """Routing logits [B, J, I]: their distance from the largest of each input capsule, to 2^-8 in powers of two."""
    largest = tf.reduce_max(b, axis=1, keepdims=True)
    return _straight_through(b, largest - _round((largest - b) * _LOG2_E, 8) / _LOG2_E)


def couplings(c: tf.Tensor) -> tf.Tensor:
    """Couplings in Q15, below one."""
    return _straight_through(c, _saturated(c, bits=15))


def sums(s: tf.Tensor) -> tf.Tensor:
    """Weighted sums in Q12, limited to ±256."""
    return _straight_through(s, tf.clip_by_value(_round(s, 12), -256.0, 256.0))


def poses(v: tf.Tensor) -> tf.Tensor:
    """Output capsules between iterations, in Q15 and 16 bits."""
    return _straight_through(v, _saturated(v, bits=15))


def _round(x: tf.Tensor, bits: int) -> tf.Tensor:
    """To the nearest multiple of 2^-bits, halves up."""
    return tf.floor(x * 2.0**bits + 0.5) * 2.0**-bits


def _saturated(x: tf.Tensor, bits: int) -> tf.Tensor:
    return tf.clip_by_value(_round(x, bits), -1.0, 1.0 - 2.0**-bits)


def _straight_through(x: tf.Tensor, rounded: tf.Tensor) -> tf.Tensor:
    return x + tf.stop_gradient(rounded - x)

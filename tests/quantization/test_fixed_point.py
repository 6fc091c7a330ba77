import math

import numpy as np
import pytest
import tensorflow as tf

from tfcaps.quantization import fixed_point


def test_logits_keep_their_distances_to_the_largest_on_the_grid():
    b = tf.constant(np.random.default_rng(0).normal(0, 3, (2, 5, 7)), tf.float32)
    rounded = fixed_point.logits(b).numpy()
    steps = (rounded.max(axis=1, keepdims=True) - rounded) * math.log2(math.e) * 256
    np.testing.assert_allclose(steps, np.round(steps), atol=2e-3)
    np.testing.assert_allclose(rounded, b, atol=0.5 / 256 / math.log2(math.e) + 1e-6)
    np.testing.assert_array_equal(rounded.max(axis=1), b.numpy().max(axis=1))


@pytest.mark.parametrize(
    ("function", "bits", "low", "high"),
    [
        (fixed_point.couplings, 15, 0.0, 32767 / 32768),
        (fixed_point.sums, 12, -256.0, 256.0),
        (fixed_point.poses, 15, -1.0, 32767 / 32768),
    ],
)
def test_values_lie_on_their_grid_and_saturate(function, bits, low, high):
    x = tf.constant([low - 1 if low else 0.0, 0.0, 0.3, 0.7, high + 1], tf.float32)
    y = function(x).numpy()
    np.testing.assert_allclose(y, np.clip(np.floor(x.numpy() * 2**bits + 0.5) / 2**bits, low, high), atol=1e-6)


@pytest.mark.parametrize("name", ["logits", "couplings", "sums", "poses"])
def test_gradients_pass_unchanged(name):
    x = tf.constant(np.random.default_rng(0).normal(0, 1, (2, 3, 4)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(getattr(fixed_point, name)(x) * tf.range(4, dtype=tf.float32))
    np.testing.assert_array_equal(tape.gradient(y, x), np.broadcast_to(np.arange(4), (2, 3, 4)))

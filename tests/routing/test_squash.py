import numpy as np
import pytest
import tensorflow as tf

from tfcaps.routing import length, squash


def test_squash_shrinks_and_keeps_the_direction():
    rng = np.random.default_rng(0)
    s = rng.normal(size=(200, 6)) * 10 ** rng.uniform(-3, 3, size=(200, 1))
    v = squash(s).numpy()
    n = np.linalg.norm(v, axis=-1)
    assert (n >= 0).all()
    assert (n < 1).all()
    cosine = (s * v).sum(-1) / np.linalg.norm(s, axis=-1) / n
    np.testing.assert_allclose(cosine, 1, atol=1e-9)
    size = np.linalg.norm(s, axis=-1)
    np.testing.assert_allclose(n, size**2 / (1 + size**2), rtol=1e-3)


def test_squash_is_monotone_in_the_length():
    s = np.geomspace(1e-4, 1e3, 500)[:, None] * np.array([[0.6, -0.8]])
    n = np.linalg.norm(squash(s), axis=-1)
    assert (np.diff(n) > 0).all()


@pytest.mark.parametrize("function", [squash, length])
@pytest.mark.parametrize("dtype", [tf.float16, tf.float32, tf.float64])
@pytest.mark.parametrize("scale", [0.0, 1e-30, 1e-12, 1e4])
def test_value_and_gradient_are_finite(function, dtype, scale):
    s = tf.cast(tf.constant([[1.0, -2.0, 0.5]]) * scale, dtype)
    with tf.GradientTape() as tape:
        tape.watch(s)
        y = function(s)
    gradient = tape.gradient(y, s)
    assert y.dtype == gradient.dtype == dtype
    assert np.isfinite(y).all()
    assert np.isfinite(gradient).all()
    if scale == 0:
        assert not np.any(y)


@pytest.mark.parametrize("function", [squash, length])
def test_gradient_equals_finite_differences(function):
    s = np.random.default_rng(0).normal(size=(3, 4))
    theoretical, numerical = tf.test.compute_gradient(function, [tf.constant(s)], delta=1e-6)
    np.testing.assert_allclose(theoretical[0], numerical[0], atol=1e-7)

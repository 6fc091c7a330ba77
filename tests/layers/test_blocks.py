import numpy as np
import pytest
import tensorflow as tf

from tfcaps._keras import keras
from tfcaps.errors import ModelError
from tfcaps.layers import CapsuleDense, CapsuleLength, CapsuleMask, Squash, decoder, intercept, primary_capsules


def test_primary_capsules_shape_and_layers():
    image = keras.Input((12, 10, 3))
    capsules = primary_capsules(image, types=4, dim=6, kernel_size=5, strides=2, use_bias=False, name="first")
    model = keras.Model(image, capsules)
    assert tuple(capsules.shape) == (None, 4 * 3 * 4, 6)
    assert [layer.name for layer in model.layers[1:]] == ["first", "first_reshape", "first_squash"]
    assert model.count_params() == 5 * 5 * 3 * 24


def test_primary_capsules_are_runs_of_channels():
    """Capsule (h, w, t) is channels t·dim to (t+1)·dim of the pixel (h, w), squashed."""
    image = keras.Input((3, 3, 2))
    model = keras.Model(image, primary_capsules(image, types=2, dim=4, kernel_size=2))
    x = np.random.default_rng(0).normal(size=(1, 3, 3, 2)).astype("float32")
    s = model.get_layer("primary")(x).numpy()[0, 1, 0, 4:]
    n = np.linalg.norm(s)
    np.testing.assert_allclose(model(x)[0, (1 * 2 + 0) * 2 + 1], s * n / (1 + n * n), atol=1e-6)


@pytest.mark.parametrize(
    ("shape", "options", "message"),
    [
        ((8, 8, 1), {"types": 0}, "expected positive sizes, got types=0"),
        ((8, 8), {}, "expected a feature map"),
        ((2, 8, 1), {}, "does not fit the feature map"),
        ((None, None, 1), {}, "expected a fixed image size"),
    ],
)
def test_primary_capsules_refuse(shape, options, message):
    with pytest.raises(ModelError, match=message):
        primary_capsules(keras.Input(shape), **{"types": 2, "dim": 4, "kernel_size": 3, **options})


def test_decoder_shape_range_and_names():
    capsules = keras.Input((3, 4))
    image = decoder(capsules, (5, 4, 1), units=(7, 8), name="back")
    model = keras.Model(capsules, image)
    y = model(np.ones((2, 3, 4), "float32")).numpy()
    assert y.shape == (2, 5, 4, 1)
    assert (y >= 0).all()
    assert (y <= 1).all()
    assert [layer.name for layer in model.layers[1:]] == ["back_flatten", "back_1", "back_2", "back_pixels", "back"]
    assert model.count_params() == (12 + 1) * 7 + (7 + 1) * 8 + (8 + 1) * 20


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_whole_network_round_trip(suffix, tmp_path):
    model = network()
    x = np.random.default_rng(0).random((2, 10, 10, 1)).astype("float32")
    path = str(tmp_path / f"model{suffix}")
    model.save(path)
    np.testing.assert_array_equal(keras.models.load_model(path).predict(x, verbose=0), model.predict(x, verbose=0))


def test_every_layer_lets_tfmot_ask_for_prunable_weights():
    layers = {type(layer): layer for layer in network().layers if type(layer).__module__.startswith("tfcaps")}
    prunable = {kind: [w.shape for w in layer.get_prunable_weights()] for kind, layer in layers.items()}
    assert prunable == {Squash: [], CapsuleDense: [(18 * 4, 5 * 6)], CapsuleLength: []}
    assert CapsuleMask().get_prunable_weights() == []


def test_intercept_sees_every_capsule_operator():
    seen = []

    def hook(layer, inputs, compute):
        seen.append((type(layer), tuple(inputs.shape)))
        return tf.zeros_like(compute(inputs))

    model = network()
    x = np.ones((2, 10, 10, 1), "float32")
    with intercept(hook):
        assert not np.any(model(x))
    assert seen == [(Squash, (2, 18, 4)), (CapsuleDense, (2, 18, 4)), (CapsuleLength, (2, 5, 6))]
    assert np.any(model(x))


def network():
    image = keras.Input((10, 10, 1))
    x = primary_capsules(image, types=2, dim=4, kernel_size=5, strides=2)
    return keras.Model(image, CapsuleLength()(CapsuleDense(5, 6)(x)))

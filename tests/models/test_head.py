"""`capsule_head` on backbones of different kinds and widths."""

import numpy as np
import pytest

from tfcaps import models
from tfcaps._keras import keras
from tfcaps.errors import ModelError
from tfcaps.routing import Dynamic


def backbone(channels=20, size=16, name="conv"):
    x = keras.Input((size, size, 3))
    y = keras.layers.Conv2D(8, 3, 2, activation="relu")(x)
    y = keras.layers.BatchNormalization()(y)
    return keras.Model(x, keras.layers.Conv2D(channels, 3, 2, name=name)(y), name="small")


@pytest.mark.parametrize("channels", [8, 15, 20, 24])
def test_types_follow_the_channels(channels):
    model = models.capsule_head(backbone(channels), 5)
    types = channels // 8
    assert tuple(model.get_layer("primary_squash").output.shape) == (None, types, 8)
    assert tuple(model.get_layer("primary").kernel.shape) == (3, 3, channels, types * 8)
    assert tuple(model.get_layer("class_caps").kernel.shape) == (types * 8, 5 * 16)
    np.testing.assert_allclose(np.asarray(model.get_layer("class_caps").bias), 0.1)
    assert tuple(model.output_shape) == (None, 5)


@pytest.mark.parametrize(("channels", "weights"), [(2048, 327_680), (1970, 314_880), (1947, 311_040), (944, 151_040)])
def test_class_capsule_weights_of_the_pruned_resnets(channels, weights):
    x = keras.Input((2, 2, channels))
    model = models.capsule_head(keras.Model(x, keras.layers.ReLU()(x)), 10)
    assert int(np.prod(model.get_layer("class_caps").kernel.shape)) == weights


def test_sizes_routing_and_bias():
    routing = Dynamic(iterations=2, detach_inner=True)
    model = models.capsule_head(backbone(20), 5, caps_dim=4, class_caps_dim=6, routing=routing, use_bias=False)
    layer = model.get_layer("class_caps")
    assert tuple(layer.kernel.shape) == (5 * 4, 5 * 6)
    assert layer.routing == routing
    assert layer.bias is None


def test_negative_features_are_rectified():
    x = keras.Input((2, 2, 8))
    model = models.capsule_head(keras.Model(x, keras.layers.Activation("linear")(x)), 2)
    zeros = np.asarray(model(np.zeros((1, 2, 2, 8), np.float32)))
    np.testing.assert_array_equal(np.asarray(model(-np.ones((1, 2, 2, 8), np.float32))), zeros)


def test_backbone_layers_are_shared_and_can_be_frozen():
    base = backbone()
    base.trainable = False
    model = models.capsule_head(base, 5)
    assert model.get_layer("conv") is base.get_layer("conv")
    assert len(model.trainable_weights) == 4  # primary kernel and bias, class capsules' kernel and bias


def test_keras_application_without_its_top():
    base = keras.applications.MobileNet((32, 32, 3), alpha=0.25, include_top=False, weights=None)
    model = models.capsule_head(base, 10)
    assert tuple(model.get_layer("primary_squash").output.shape) == (None, 32, 8)
    assert np.asarray(model(np.zeros((2, 32, 32, 3), np.float32))).shape == (2, 10)


def test_backbones_that_do_not_fit():
    x = keras.Input((16, 16, 3))
    flat = keras.Model(x, keras.layers.Flatten()(x))
    two = keras.Model(x, [keras.layers.ReLU()(x), keras.layers.Conv2D(8, 3)(x)])
    open_x = keras.Input((None, None, 3))
    open_size = keras.Model(open_x, keras.layers.Conv2D(8, 3)(open_x))
    for base in (flat, two, open_size):
        with pytest.raises(ModelError, match="cut off pooling and classifier"):
            models.capsule_head(base, 5)
    with pytest.raises(ModelError, match="7 channels are too few"):
        models.capsule_head(backbone(7), 5)
    with pytest.raises(ModelError, match="called 'primary'"):
        models.capsule_head(backbone(name="primary"), 5)
    with pytest.raises(ModelError, match="expected positive sizes"):
        models.capsule_head(backbone(), 0)
    with pytest.raises(ModelError, match="expected a built functional"):
        models.capsule_head("resnet", 5)

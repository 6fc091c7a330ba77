"""Every ready model: its parameter integer, its shape, its options, its messages."""

import math

import numpy as np
import pytest

from tfcaps import losses, models
from tfcaps._keras import keras
from tfcaps.errors import ModelError, TfcapsError
from tfcaps.layers import CapsuleDense, CapsuleLength
from tfcaps.routing import Dynamic

PARAMETERS = {
    "capsnet": 6_804_224,
    "micro": 54_208,
    "q7_cifar10": 115_296,
    "q7_mnist": 296_800,
    "q7_smallnorb": 295_584,
    "tiny": 9_632,
}
SHAPES = {"q7_cifar10": (32, 32, 3), "q7_smallnorb": (32, 32, 2)}
CLASSES = {"q7_smallnorb": 5}
SMALLEST = {"capsnet": 17, "micro": 13, "q7_cifar10": 19, "q7_mnist": 13, "q7_smallnorb": 13, "tiny": 17}


def test_every_registered_model_is_tested():
    assert set(models.MODELS) == set(PARAMETERS)


@pytest.mark.parametrize("name", PARAMETERS)
def test_parameters_and_shapes(name):
    model = models.build(name)
    assert model.count_params() == PARAMETERS[name]
    assert tuple(model.input_shape) == (None, *SHAPES.get(name, (28, 28, 1)))
    assert tuple(model.output_shape) == (None, CLASSES.get(name, 10))
    assert model.name == name
    assert isinstance(model.layers[-1], CapsuleLength)
    assert model.layers[-1].name == "lengths"
    assert isinstance(model.get_layer("class_caps"), CapsuleDense)


@pytest.mark.parametrize("name", sorted(set(PARAMETERS) - {"capsnet"}))
def test_any_batch_gives_lengths_below_one(name):
    model = models.build(name)
    for batch in (1, 3):
        lengths = np.asarray(model(np.ones((batch, *model.input_shape[1:]), np.float32)))
        assert lengths.shape == (batch, model.output_shape[1])
        assert np.all((lengths >= 0) & (lengths < 1))


@pytest.mark.parametrize("name", PARAMETERS)
def test_smallest_image(name):
    size, channels = SMALLEST[name], SHAPES.get(name, (28, 28, 1))[2]
    assert models.build(name, (size, size, channels)).count_params() > 0
    with pytest.raises(ModelError, match=f"{name}.*at least {size}x{size}, got {size - 1}x40"):
        models.build(name, (size - 1, 40, channels))


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("routing", ["dynamic", Dynamic(iterations=2, leaky=True)])
def test_routing_by_name_or_object(name, routing):
    expected = Dynamic() if isinstance(routing, str) else routing
    assert models.build(name, routing=routing).get_layer("class_caps").routing == expected


def test_other_images_and_classes():
    model = models.build("micro", [32, 40, 3], 7)
    assert tuple(model.input_shape) == (None, 32, 40, 3)
    assert tuple(model.output_shape) == (None, 7)


@pytest.mark.parametrize(
    ("shape", "classes", "message"),
    [
        ((28, 28), None, "expected input_shape to be"),
        ((28, None, 1), None, "expected input_shape to be"),
        ((28, 28, 0), None, "expected input_shape to be"),
        ("28", None, "expected input_shape to be"),
        (None, 0, "num_classes"),
        (None, 2.5, "num_classes"),
    ],
)
def test_bad_shapes(shape, classes, message):
    with pytest.raises(ModelError, match=message):
        models.build("tiny", shape, classes)


def test_unknown_names_and_options_say_what_there_is():
    with pytest.raises(TfcapsError, match="did you mean 'micro'"):
        models.build("micros")
    with pytest.raises(ModelError, match=r"no option 'decoder': expected one of routing"):
        models.build("micro", decoder=True)
    with pytest.raises(TfcapsError, match="unknown routing"):
        models.build("micro", routing="no such")


def test_q7_initialisers_and_constraints():
    cifar = models.build("q7_cifar10")
    mnist = models.build("q7_mnist")
    for name in ("conv1", "conv2", "conv3", "conv4", "primary"):
        assert cifar.get_layer(name).kernel_constraint.get_config()["max_value"] == 0.5
    for name in ("conv1", "primary"):
        layer = mnist.get_layer(name)
        assert layer.kernel_constraint is None
        kernel = np.asarray(layer.kernel)
        limit = math.sqrt(6 / math.prod(kernel.shape[:3]))
        assert 0.9 * limit < np.abs(kernel).max() <= limit
    # Glorot-uniform of the rank-4 kernel [J, I, D, K] = [10, 1024, 6, 4].
    reference = np.asarray(keras.initializers.GlorotUniform(seed=0)((10, 1024, 6, 4)))
    kernel = np.asarray(mnist.get_layer("class_caps").kernel)
    assert np.abs(kernel).max() == pytest.approx(np.abs(reference).max(), rel=1e-3)
    assert np.std(kernel) == pytest.approx(np.std(reference), rel=0.02)
    zero = models.build("q7_mnist", kernel_initializer="zeros")
    assert not np.any(np.asarray(zero.get_layer("class_caps").kernel))


def test_tiny_learns_a_batch():
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(0)
    y = np.arange(32) % 4
    x = np.zeros((32, 28, 28, 1), np.float32)
    for image, label in zip(x, y, strict=True):  # a bright quarter for each class
        image[14 * (label // 2) :, 14 * (label % 2) :][:14, :14] = rng.uniform(0.5, 1, (14, 14, 1))
    model = models.build("tiny", num_classes=4)
    model.compile(keras.optimizers.Adam(0.01), losses.MarginLoss())
    model.fit(x, y, batch_size=32, epochs=20, verbose=0)
    assert np.mean(np.argmax(model.predict(x, verbose=0), axis=1) == y) == 1.0


def test_model_is_saved_and_loaded(tmp_path):
    model = models.build("tiny")
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    x = np.random.default_rng(0).uniform(0, 1, (2, 28, 28, 1)).astype(np.float32)
    np.testing.assert_array_equal(np.asarray(again(x)), np.asarray(model(x)))

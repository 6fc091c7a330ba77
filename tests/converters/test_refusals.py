"""What cannot be converted is refused in one line that says what and where."""

from __future__ import annotations

import numpy as np
import pytest

from tests.converters import zoo
from tfcaps.converters import to_tflite
from tfcaps.errors import ConversionError, DataError, ModelError, TfcapsError
from tfcaps.layers import CapsuleMask, CapsuleOp, decoder

keras = zoo.keras


def one_line(error):
    return "\n" not in str(error.value)


@pytest.fixture(scope="module")
def small():
    return zoo.build("functional")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (None, "needs representative_data"),
        (np.zeros((3, 14, 14, 2), np.float32), r"of shape \('N', 14, 14, 1\), got \(3, 14, 14, 2\)"),
        (np.zeros((0, 14, 14, 1), np.float32), "at least one"),
        (np.full((2, 14, 14, 1), np.nan, np.float32), "not finite"),
        ({"picture": np.zeros((2, 14, 14, 1), np.float32)}, "for inputs \\['image'\\], got \\['picture'\\]"),
        ([["a"]], "not an array of numbers"),
        (7, "arrays or a generator"),
        (lambda: iter(()), "yields nothing"),
    ],
)
def test_calibration_data_that_does_not_fit(small, data, says):
    with pytest.raises(TfcapsError, match=says) as error:
        to_tflite(small[0], data)
    assert one_line(error)


def test_a_generator_of_steps_is_as_good_as_an_array(small):
    model, data = small
    assert to_tflite(model, lambda: ([row[None]] for row in data)) == to_tflite(model, data)


def test_unequal_counts():
    model, data = zoo.build("two_inputs")
    with pytest.raises(DataError, match="same number"):
        to_tflite(model, {"left": data["left"], "right": data["right"][:3]})


def test_not_a_model():
    with pytest.raises(ModelError, match="Expected a Keras model, got str"):
        to_tflite("model.keras", np.zeros((1, 2)))


def test_a_subclassed_model_without_examples():
    model, _ = zoo.build("subclassed")
    with pytest.raises(ModelError, match="representative_data"):
        to_tflite(model)


def test_an_open_image_size():
    x = keras.Input((None, None, 1), name="image")
    model = keras.Model(x, keras.layers.Conv2D(2, 3)(x))
    with pytest.raises(ModelError, match="only the batch may be unknown"):
        to_tflite(model, np.zeros((1, 8, 8, 1), np.float32))


def test_an_operation_without_an_int8_kernel_is_named():
    class Erf(keras.layers.Layer):
        def call(self, x):
            return zoo.tf.math.erf(x)

    x = keras.Input((6, 4), name="capsules")
    model = keras.Model(x, zoo.CapsuleLength()(zoo.CapsuleDense(2, 3)(Erf(name="odd_one")(x))))
    with pytest.raises(ConversionError, match="Erf") as error:
        to_tflite(model, np.random.default_rng(0).random((4, 6, 4), np.float32))
    assert one_line(error)


def test_a_capsule_layer_without_a_lowering_is_named():
    class Strange(CapsuleOp):
        def compute(self, inputs):
            return inputs

    x = keras.Input((6, 4))
    with pytest.raises(ConversionError, match=r"'strange_one' \(Strange\)"):
        to_tflite(keras.Model(x, Strange(name="strange_one")(x)), np.zeros((2, 6, 4), np.float32))


def test_a_mask_has_no_integer_form():
    x = keras.Input((6, 4))
    v = zoo.CapsuleDense(3, 4)(x)
    model = keras.Model(x, decoder(CapsuleMask(name="mask")(v), (2, 2, 1), (4,)))
    with pytest.raises(ConversionError, match="'mask' \\(CapsuleMask\\) has no integer operator") as error:
        to_tflite(model, np.zeros((2, 6, 4), np.float32))
    assert one_line(error)


def test_names_must_fit(small):
    with pytest.raises(ModelError, match="1 different output names"):
        to_tflite(*small, output_names=["a", "b"])

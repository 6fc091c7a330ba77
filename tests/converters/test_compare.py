"""The comparison finds what it is for: int8 routing that does not route."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.converters import zoo
from tfcaps.converters import flatbuffer, to_tflite
from tfcaps.converters.compare import compare
from tfcaps.errors import ModelError, TfcapsError
from tfcaps.quantization.simulator import CapsuleDenseParams
from tfcaps.runtime import Interpreter


@pytest.fixture(scope="module")
def planted():
    """Capsules on the input, where one iteration and three give different answers.

    For capsule 0 five inputs vote strongly one way and three as strongly the other: a plain sum leaves 2 * 3 of it,
    less than the 8 * 1 of capsule 1, whose votes all agree. Routing sends the five to capsule 0 and the three away.
    """
    keras = zoo.keras
    x = keras.Input((8, 4), name="capsules")
    dense = zoo.CapsuleDense(2, 4, name="class_capsules")
    model = keras.Model(x, zoo.CapsuleLength(name="lengths")(dense(x)))
    matrices = np.zeros((8, 4, 2, 4), np.float32)
    for i in range(8):
        matrices[i, 0, 0, 0] = 3.0 if i < 5 else -3.0
        matrices[i, 0, 1, 1] = 1.0
    dense.set_weights([matrices.reshape(32, 8)])
    data = np.zeros((16, 8, 4), np.float32)
    data[:, :, 0] = np.random.default_rng(0).uniform(0.9, 0.98, (16, 8))
    return model, data


def with_iterations(file, iterations):
    """The same file, with another number of routing iterations."""
    model = flatbuffer.load(file)
    for operator in model.subgraphs[0].operators:
        if flatbuffer.operator_name(model, operator) == "TfcapsCapsuleDense":
            params = CapsuleDenseParams.from_options(bytes(operator.customOptions))
            operator.customOptions = np.frombuffer(
                dataclasses.replace(params, iterations=iterations).to_options(), np.uint8
            )
    return flatbuffer.save(model)


def test_the_planted_network_gives_its_three_iteration_answer(planted):
    model, data = planted
    file = to_tflite(model, data)
    for backend in ("litert", "tflm"):
        once = Interpreter(with_iterations(file, 1), backend=backend)(data).argmax(-1)
        thrice = Interpreter(file, backend=backend)(data).argmax(-1)
        assert set(once) == {1}
        assert set(thrice) == {0}
    np.testing.assert_array_equal(zoo.predict(model, data)[0].argmax(-1), thrice)


def test_a_faithful_file_is_found_faithful(planted):
    model, data = planted
    result = compare(model, to_tflite(model, data), data, np.zeros(16, int))
    assert result.coupling_correlation > 0.999
    assert result.coupling_sum_error_lsb <= 2
    assert result.mean_length_error < 0.006
    assert (result.agreement, result.accuracy_float, result.accuracy_int8, result.samples) == (1, 1, 1, 16)


def test_dead_routing_is_found_dead(planted):
    model, data = planted
    result = compare(model, with_iterations(to_tflite(model, data), 1), data)
    assert result.coupling_correlation == 0
    assert result.agreement == 0
    assert result.accuracy_int8 is None


def test_labels_may_be_one_hot_and_progress_is_told(planted):
    model, data = planted
    done = []
    result = compare(model, to_tflite(model, data), data, np.eye(2)[np.zeros(16, int)], progress=done.append)
    assert result.accuracy_float == 1
    assert done[-1] == 16


@pytest.mark.parametrize("name", ["shared_capsules", "nested", "subclassed_of_two", "leaky_with_bias"])
def test_other_kinds_of_models_compare_too(name):
    model, data = zoo.build(name)
    result = compare(model, to_tflite(model, data), data)
    assert result.coupling_correlation > 0.98
    assert result.coupling_sum_error_lsb <= 2


def test_a_file_of_another_network_is_refused(planted):
    model, data = planted
    other, its_data = zoo.build("nested")
    with pytest.raises(TfcapsError, match="Expected shape"):
        compare(other, to_tflite(model, data), its_data)
    with pytest.raises(ModelError, match="16 labels, got 3"):
        compare(model, to_tflite(model, data), data, np.zeros(3, int))

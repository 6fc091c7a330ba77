"""Every kind of model converts, and means in integers what it meant in float."""

from __future__ import annotations

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from tests.converters import zoo
from tfcaps.converters import to_tflite
from tfcaps.quantization import simulator
from tfcaps.runtime import Interpreter
from tfcaps.runtime.tflite_file import read_tflite

# Outputs of capsules, lengths and a softmax live in [-1, 1]; logits of the one dense head in about [-2, 2].
TOLERANCE = {"subclassed": 0.06}


def outputs(result):
    return list(result.values()) if isinstance(result, dict) else [result]


@pytest.fixture(scope="module", params=list(zoo.MODELS))
def converted(request):
    model, data = zoo.build(request.param)
    return request.param, model, data, to_tflite(model, data)


def test_int8_outputs_follow_the_float_model(converted):
    name, model, data, file = converted
    got = outputs(Interpreter(file)(data))
    for expected, actual in zip(zoo.predict(model, data), got, strict=True):
        assert actual.shape == expected.shape
        assert np.abs(actual - expected).max() < TOLERANCE.get(name, 0.04)
        assert np.corrcoef(actual.ravel(), expected.ravel())[0, 1] > 0.98


def test_both_runtimes_give_the_same_bits(converted):
    *_, file = converted
    litert, tflm = Interpreter(file), Interpreter(file, backend="tflm")
    random = np.random.default_rng(1)
    x = {i.name: random.integers(-128, 128, (8, *i.shape[1:]), np.int8) for i in litert.inputs}
    x = x if len(x) > 1 else next(iter(x.values()))
    # LiteRT's reference FULLY_CONNECTED rounds once, TensorFlow Lite Micro's twice: now and then they differ by one.
    apart = 1 if any(op.name == "FULLY_CONNECTED" for op in read_tflite(file).operators) else 0
    for a, b in zip(outputs(litert.invoke(x)), outputs(tflm.invoke(x)), strict=True):
        assert a.dtype == np.int8
        assert np.abs(a.astype(int) - b).max() <= apart


def test_the_simulator_gives_the_same_bits_for_every_capsule_operator(converted):
    _, _, data, file = converted
    interpreter = Interpreter(file, preserve_all_tensors=True)
    model = read_tflite(file)
    example = {k: v[:1] for k, v in data.items()} if isinstance(data, dict) else data[:1]
    interpreter(example)
    seen = set()
    for op in model.operators:
        if not op.is_custom:
            continue
        seen.add(op.name)
        q = interpreter.tensor(op.inputs[0])
        if op.name == "TfcapsSquash":
            expected = simulator.squash(q, simulator.SquashParams.from_options(op.custom_options))
        elif op.name == "TfcapsLength":
            expected = simulator.length(q, simulator.LengthParams.from_options(op.custom_options))
        else:
            constants = [model.tensors[i].data for i in op.inputs[1:]]
            bias = constants[1] if len(constants) > 1 else None
            params = simulator.CapsuleDenseParams.from_options(op.custom_options)
            capsules = model.tensors[op.outputs[0]].shape[1]
            expected = simulator.capsule_dense(q, constants[0], bias, params, capsules).output
        np.testing.assert_array_equal(interpreter.tensor(op.outputs[0]), expected)
    assert "TfcapsCapsuleDense" in seen


def test_every_tensor_is_an_integer_and_buffers_are_aligned(converted):
    *_, file = converted
    assert all(t.dtype.kind in "ib" for t in read_tflite(file).tensors)
    root = schema.Model.GetRootAs(file)
    graph = root.Subgraphs(0)
    vectors = [(root.Buffers(i), "Data") for i in range(root.BuffersLength())]
    vectors += [(graph.Operators(i), "CustomOptions") for i in range(graph.OperatorsLength())]
    filled = [getattr(table, f"{field}AsNumpy")() for table, field in vectors if getattr(table, f"{field}Length")()]
    start = np.frombuffer(file, np.uint8).ctypes.data
    assert {(vector.ctypes.data - start) % 16 for vector in filled} == {0}


def test_conversion_is_reproducible():
    model, data = zoo.build("functional")
    assert to_tflite(model, data) == to_tflite(model, data)


@pytest.mark.parametrize(
    ("name", "inputs", "results"),
    [
        ("functional", ["image"], ["lengths"]),
        ("batch_norm_and_two_outputs", ["image"], ["classes", "poses"]),
        ("two_inputs", ["left", "right"], ["lengths"]),
        ("subclassed", ["input"], ["output"]),
        ("subclassed_of_two", ["left", "right"], ["lengths", "poses"]),
    ],
)
def test_names_in_the_signature_are_the_model_s(name, inputs, results):
    model, data = zoo.build(name)
    interpreter = Interpreter(to_tflite(model, data))
    assert [i.name for i in interpreter.inputs] == inputs
    assert [o.name for o in interpreter.outputs] == results


def test_names_can_be_given():
    model, data = zoo.build("functional")
    interpreter = Interpreter(to_tflite(model, data, input_names=["pixels"], output_names=["classes"]))
    assert [interpreter.inputs[0].name, interpreter.outputs[0].name] == ["pixels", "classes"]


def test_capsule_scales_are_those_of_the_specification():
    model, data = zoo.build("functional")
    file = read_tflite(to_tflite(model, data))
    scales = {
        op.name: (file.tensors[op.outputs[0]].scale, file.tensors[op.outputs[0]].zero_point)
        for op in file.operators
        if op.is_custom
    }
    assert scales == {
        "TfcapsSquash": (1 / 128, 0), "TfcapsCapsuleDense": (1 / 128, 0), "TfcapsLength": (1 / 256, -128)
    }  # fmt: skip
    kernel = file.tensors[next(op for op in file.operators if op.name == "TfcapsCapsuleDense").inputs[1]]
    assert (kernel.shape, len(kernel.scales), kernel.quantized_dimension) == ((36, 18, 4), 18, 1)


def test_selected_capsules_lose_no_precision():
    """They are as long as squashed ones, which the fixed point of the layer behind them is made for."""
    model, data = zoo.build("functional")
    selecting = zoo.selected_capsules(range(36))
    selecting.set_weights(model.get_weights())
    plain, selected = (read_tflite(to_tflite(m, data)) for m in (model, selecting))
    assert "GATHER" in [op.name for op in selected.operators]
    options = [[op.custom_options for op in file.operators if op.is_custom] for file in (plain, selected)]
    assert options[0] == options[1]


def test_fitting_the_squash_range_lowers_the_error():
    # One value far outside: min-max spends the whole int8 range on it.
    model, data = zoo.build("functional")
    kernel, bias = model.get_layer("primary").get_weights()
    kernel[..., 0] *= 40
    model.get_layer("primary").set_weights([kernel, bias])
    expected = zoo.predict(model, data)[0]
    error = {fit: np.abs(Interpreter(to_tflite(model, data, fit_squash_range=fit))(data) - expected).mean()
             for fit in (False, True)}  # fmt: skip
    assert error[True] < error[False]


def test_a_capsule_output_that_shares_a_coarse_scale_is_warned_about():
    keras, layers = zoo.keras, zoo.layers
    x = keras.Input(zoo.IMAGE, name="image")
    v = zoo.CapsuleDense(3, 4)(zoo.primary_capsules(x, 4, 4, 5, 3))
    both = layers.Concatenate()([layers.Flatten()(v), layers.Flatten()(layers.MaxPooling2D(5)(x))])
    model = keras.Model(x, layers.Dense(2)(both))
    data = 20 * np.random.default_rng(0).random((8, *zoo.IMAGE), np.float32)
    with pytest.warns(UserWarning, match="shares its scale"):
        file = to_tflite(model, data)
    names = [op.name for op in read_tflite(file).operators]
    assert names.index("QUANTIZE") == names.index("TfcapsCapsuleDense") + 1
    assert np.abs(Interpreter(file)(data) - zoo.predict(model, data)[0]).max() < 1.0


def test_a_mixed_precision_model_converts_as_its_float32_twin_does():
    zoo.keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        model, data = zoo.build("functional")
    finally:
        zoo.keras.mixed_precision.set_global_policy("float32")
    twin, _ = zoo.build("functional")
    files = to_tflite(model, data), to_tflite(twin, data)
    np.testing.assert_array_equal(*[Interpreter(file)(data) for file in files])
    assert model.layers[1].compute_dtype == "float16"


@pytest.mark.parametrize("fit", [False, True])
def test_a_layer_of_next_to_nothing_squashes_to_zero(fit):
    model, data = zoo.build("functional")
    primary = model.get_layer("primary")
    primary.set_weights([1e-9 * w for w in primary.get_weights()])
    assert not Interpreter(to_tflite(model, data, fit_squash_range=fit))(data).any()


@pytest.mark.parametrize("factor", [0, 1e-9, 1e-3])
def test_a_capsule_layer_of_next_to_nothing_gives_zeros(factor):
    model, data = zoo.build("functional")
    dense = model.get_layer("class_capsules")
    dense.set_weights([factor * w for w in dense.get_weights()])
    for backend in ("litert", "tflm"):
        assert Interpreter(to_tflite(model, data), backend=backend)(data).max() <= 1 / 256

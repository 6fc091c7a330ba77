"""Every operator through LiteRT, TFLite Micro and the simulator: one set of bits."""

import gc

import numpy as np
import pytest
from tiny_models import (
    UNIT,
    TinyModel,
    dense_params,
    length_params,
    planted_routing,
    schema,
    squash_params,
)

from tfcaps.errors import TfcapsError
from tfcaps.quantization.simulator import Simulator
from tfcaps.runtime import Interpreter

BACKENDS = ("litert", "tflm")


def int8(rng, shape):
    return rng.integers(-128, 128, shape).astype(np.int8)


def squash_model(rng, shape=(1, 5, 4)):
    tiny = TinyModel()
    tiny.output(tiny.squash(tiny.input(list(shape), 0.05, 3), squash_params(0.05, 3)))
    return tiny


def length_model(rng):
    tiny = TinyModel()
    x = tiny.input([1, 6, 20], UNIT, -4)
    tiny.output(tiny.length(x, length_params(20, UNIT, 1 / 64, -4, -128), scale=1 / 64))
    return tiny


def dense_model(rng, bias=False, leaky=0):
    tiny = TinyModel()
    x = tiny.input([1, 12, 5], UNIT, 7)
    params = dense_params(rng, 24, capsules=4, inputs=12, depth=5, zero_point=7, leaky=leaky)
    offset = rng.integers(-900, 900, 24).astype(np.int32) if bias else None
    tiny.output(tiny.capsule_dense(x, int8(rng, (12, 24, 5)), params, 4, bias=offset))
    return tiny


def network(rng):
    """A convolution, primary capsules, class capsules, lengths: two outputs and a signature."""
    tiny = TinyModel()
    x = tiny.input([1, 12, 12, 1], 1 / 255, -128, name="image_tensor")
    scales = rng.uniform(0.004, 0.008, 8)
    kernel = tiny.constant(int8(rng, (8, 5, 5, 1)), scales)
    bias = tiny.constant(np.arange(8, dtype=np.int32), scales / 255)
    options = schema.Conv2DOptionsT()
    options.padding, options.strideW, options.strideH = schema.Padding.VALID, 2, 2
    options.dilationWFactor = options.dilationHFactor = 1
    features = tiny.tensor([1, 4, 4, 8], 0.05, -3)
    tiny.op("CONV_2D", [x, kernel, bias], [features], options)
    primary = tiny.tensor([1, 32, 4], 0.05, -3)
    shape = tiny.constant(np.array([1, 32, 4], np.int32))
    tiny.op("RESHAPE", [features, shape], [primary], schema.ReshapeOptionsT(newShape=np.array([1, 32, 4], np.int32)))
    u = tiny.squash(primary, squash_params(0.05, -3))
    params = dense_params(rng, 30, capsules=5, inputs=32, depth=4)
    v = tiny.capsule_dense(u, int8(rng, (32, 30, 4)), params, 5)
    lengths = tiny.length(v, length_params(6, UNIT, 1 / 256, 0, -128), scale=1 / 256)
    tiny.output(lengths)
    tiny.output(v)
    tiny.sign({"image": x}, {"lengths": lengths, "capsules": v})
    return tiny


def planted(iterations):
    u, kernel, params = planted_routing(iterations)
    tiny = TinyModel()
    tiny.output(tiny.capsule_dense(tiny.input(list(u.shape), 1 / 127), kernel, params, 2))
    return tiny.to_bytes(), u


MODELS = {
    "squash": squash_model,
    "squash 4-D": lambda rng: squash_model(rng, (1, 3, 2, 17)),
    "length": length_model,
    "dense": dense_model,
    "dense with bias": lambda rng: dense_model(rng, bias=True),
    "leaky dense": lambda rng: dense_model(rng, leaky=1),
    "network": network,
}


@pytest.mark.parametrize("name", MODELS)
def test_all_runtimes_give_the_same_bits(name):
    rng = np.random.default_rng(len(name))
    model = MODELS[name](rng).to_bytes()
    simulator = Simulator(model)
    x = int8(rng, (7, *simulator.inputs[0].shape[1:]))
    expected = simulator.invoke(x)
    for backend in BACKENDS:
        interpreter = Interpreter(model, backend)
        found = interpreter.invoke(x)
        assert interpreter.inputs == simulator.inputs
        assert interpreter.outputs == simulator.outputs
        if isinstance(expected, dict):
            assert list(found) == list(expected) == ["lengths", "capsules"]
            for key in expected:
                np.testing.assert_array_equal(found[key], expected[key])
        else:
            np.testing.assert_array_equal(found, expected)
            assert np.unique(found).size > 5
        np.testing.assert_array_equal(interpreter(x * 0.01).__str__(), simulator(x * 0.01).__str__())


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("scale", [UNIT, 0.02])
def test_operators_take_a_batch(backend, scale):
    """The operators themselves do, though a model's own input holds one example."""
    rng = np.random.default_rng(1)
    tiny = TinyModel()
    x = tiny.input([1, 24, 5], scale)
    grouped = tiny.tensor([2, 12, 5], scale)
    shape = tiny.constant(np.array([2, 12, 5], np.int32))
    tiny.op("RESHAPE", [x, shape], [grouped], schema.ReshapeOptionsT(newShape=np.array([2, 12, 5], np.int32)))
    params, kernel = dense_params(rng, 24, capsules=4, inputs=12, depth=5), int8(rng, (12, 24, 5))
    v = tiny.capsule_dense(grouped, kernel, params, 4)
    flat = tiny.tensor([1, 48], UNIT)
    shape = tiny.constant(np.array([1, 48], np.int32))
    tiny.op("RESHAPE", [v, shape], [flat], schema.ReshapeOptionsT(newShape=np.array([1, 48], np.int32)))
    tiny.output(flat)
    single = TinyModel()
    single.output(single.capsule_dense(single.input([1, 12, 5], scale), kernel, params, 4))
    data = int8(rng, (1, 24, 5))
    found = Interpreter(tiny.to_bytes(), backend).invoke(data)
    expected = Simulator(single.to_bytes()).invoke(data.reshape(2, 12, 5))
    np.testing.assert_array_equal(found.reshape(expected.shape), expected)


@pytest.mark.parametrize("run", [Simulator, *(lambda m, b=b: Interpreter(m, b) for b in BACKENDS)])
def test_planted_routing_is_answered_right(run):
    for iterations, winner in ((1, 0), (3, 1)):
        model, u = planted(iterations)
        lengths = np.linalg.norm(run(model).invoke(u).astype(float), axis=-1)[0]
        assert lengths.argmax() == winner


def test_optimized_kernels_run_too():
    rng = np.random.default_rng(0)
    model = network(rng).to_bytes()
    x = int8(rng, (3, 12, 12, 1))
    expected = Simulator(model).invoke(x)["lengths"].astype(int)
    found = Interpreter(model, kernels="optimized").invoke(x)["lengths"].astype(int)
    assert np.abs(found - expected).max() <= 8


def test_intermediate_tensors_agree():
    rng = np.random.default_rng(2)
    model = network(rng).to_bytes()
    x = int8(rng, (1, 12, 12, 1))
    interpreter = Interpreter(model, preserve_all_tensors=True)
    interpreter.invoke(x)
    run = Simulator(model).run(x, keep=[3, 4, 6])
    for index, value in run.tensors.items():
        np.testing.assert_array_equal(interpreter.tensor(index), value)
    (details,) = run.details.values()
    assert details.couplings.shape == (1, 5, 32)
    assert np.abs(details.couplings.sum(axis=1) - 2**15).max() <= 2
    with pytest.raises(TfcapsError, match="Expected a tensor index"):
        interpreter.tensor(99)
    with pytest.raises(TfcapsError, match="preserve_all_tensors=True"):
        Interpreter(model).tensor(3)
    with pytest.raises(TfcapsError, match="Expected the index of a computed tensor"):
        Simulator(model).run(x, keep=[1])


def test_the_simulator_joins_chunks():
    rng = np.random.default_rng(2)
    model = network(rng).to_bytes()
    x = int8(rng, (70, 12, 12, 1))
    run = Simulator(model).run(x, keep=[3])
    assert len(run.tensors[3]) == len(next(iter(run.details.values())).v) == 70
    np.testing.assert_array_equal(run.outputs["lengths"][69:], Simulator(model).invoke(x[69:])["lengths"])
    assert Simulator(model).invoke(x[:0])["lengths"].shape == (0, 5)


def test_arena_is_reported_exactly():
    model = network(np.random.default_rng(0)).to_bytes()
    used = Interpreter(model, "tflm").arena_used_bytes
    assert 1000 < used < 20000
    assert Interpreter(model, "tflm", arena_size=used // 8 * 16).arena_used_bytes == used
    with pytest.raises(
        TfcapsError, match=rf"^Expected an arena_size of more than {used} bytes for this model, got 500 bytes$"
    ):
        Interpreter(model, "tflm", arena_size=500)
    with pytest.raises(TfcapsError, match="backend='tflm'"):
        _ = Interpreter(model).arena_used_bytes


def test_many_interpreters_live_side_by_side(capfd):
    rng = np.random.default_rng(0)
    models = [dense_model(np.random.default_rng(n)).to_bytes() for n in range(12)]
    interpreters = [Interpreter(model, backend) for model in models for backend in BACKENDS]
    x = int8(rng, (2, 12, 5))
    expected = [Simulator(model).invoke(x) for model in models for _ in BACKENDS]
    del models
    gc.collect()
    for _ in range(2):
        for interpreter, wanted in zip(interpreters, expected, strict=True):
            np.testing.assert_array_equal(interpreter.invoke(x), wanted)
        interpreters, expected = interpreters[1::3], expected[1::3]
        gc.collect()
    assert "allocation" not in capfd.readouterr().err  # what the runtimes print is not for the user


def test_float_inputs_round_halves_away_from_zero_and_saturate():
    tiny = TinyModel()
    x = tiny.input([1, 6], 0.5, 3)
    y = tiny.tensor([1, 6], 0.5, 3)
    tiny.op("RESHAPE", [x, tiny.constant(np.array([1, 6], np.int32))], [y], schema.ReshapeOptionsT())
    tiny.output(y)
    values = np.array([[0.25, -0.25, 0.74, 1e9, -1e9, -0.75]], np.float32)
    for run in (Simulator(tiny.to_bytes()), Interpreter(tiny.to_bytes()), Interpreter(tiny.to_bytes(), "tflm")):
        found = run(values)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, [[0.5, -0.5, 0.5, 62.0, -65.5, -1.0]])


@pytest.mark.parametrize("make", [Simulator, *(lambda m, b=b: Interpreter(m, b) for b in BACKENDS)])
def test_wrong_inputs_are_refused_in_one_line(make):
    single = make(squash_model(np.random.default_rng(0)).to_bytes())
    tiny = TinyModel()
    a, b = tiny.input([1, 4], 0.1, name="a"), tiny.input([1, 4], 0.1, name="b")
    y = tiny.tensor([1, 4], 0.2)
    tiny.output(tiny.op("ADD", [a, b], [y], schema.AddOptionsT()))
    double = make(tiny.to_bytes())
    good = np.zeros((2, 4), np.int8)
    assert double.invoke({"b": good, "a": good}).shape == (2, 4)
    for call, expected in (
        (
            lambda: single.invoke(np.zeros((1, 5, 3), np.int8)),
            r"Expected shape \[n, 5, 4\] for input 't0', got \[1, 5, 3\]",
        ),
        (lambda: single.invoke(np.zeros((5, 4), np.int8)), r"Expected shape \[n, 5, 4\]"),
        (lambda: single.invoke(np.zeros((1, 5, 4), np.uint8)), "Expected int8 for input 't0', got uint8"),
        (lambda: single.invoke(np.zeros((1, 5, 4))), "Expected int8 for input 't0', got float64"),
        (lambda: single(np.full((1, 5, 4), np.nan)), "Expected finite numbers"),
        (lambda: single(np.full((1, 5, 4), "a")), "Expected finite numbers"),
        (lambda: single({"x": good}), "Expected inputs named t0, got x"),
        (lambda: double.invoke(good), "Expected a dict of the inputs a, b, got one array"),
        (lambda: double.invoke({"a": good}), "Expected inputs named a, b, got a"),
        (lambda: double.invoke({"a": good, "b": good[:1]}), "Expected inputs of one batch size, got 2, 1"),
    ):
        with pytest.raises(TfcapsError, match="^" + expected) as caught:
            call()
        assert "\n" not in str(caught.value)


def test_wrong_arguments_are_refused():
    model = squash_model(np.random.default_rng(0)).to_bytes()
    for kwargs, expected in (
        ({"backend": "onnx"}, "Expected backend to be 'litert' or 'tflm', got 'onnx'"),
        ({"kernels": "fast"}, "Expected kernels to be 'reference' or 'optimized', got 'fast'"),
        ({"arena_size": 100}, "Expected arena_size with backend='tflm' only"),
        ({"backend": "tflm", "arena_size": 0}, "Expected an arena_size in 1"),
        ({"backend": "tflm", "kernels": "optimized"}, "Expected kernels and preserve_all_tensors"),
    ):
        with pytest.raises(TfcapsError, match=f"^{expected}"):
            Interpreter(model, **kwargs)

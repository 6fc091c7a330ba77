"""In which precision TFLite Micro turns scales into multipliers, on scales for which that decides a bit."""

import nn
import numpy as np
import pytest
from tiny_models import TinyModel, schema

from tfcaps.quantization.simulator import Simulator
from tfcaps.quantization.simulator.tflite_rounding import multiply, quantize_multiplier
from tfcaps.runtime import Interpreter

F32, F64 = np.float32, np.float64
EVERY = np.arange(-128, 128, dtype=np.int8)[None]


def agree(tiny, inputs):
    model = tiny.to_bytes()
    given = inputs if len(inputs) > 1 else next(iter(inputs.values()))
    expected = Interpreter(model, "tflm").invoke(given)
    np.testing.assert_array_equal(Simulator(model).invoke(given), expected)
    (found,) = nn.run(model, inputs).values()
    np.testing.assert_array_equal(found, expected)


def decisive(seed, values, double, single, draw, most=8):
    """Scales for which the two precisions give some value another result; yields them with those values."""
    rng = np.random.default_rng(seed)
    found = 0
    while found < most:
        scales = draw(rng)
        results = [multiply(values, *quantize_multiplier(F64(real(*scales)))) for real in (double, single)]
        differ = values[(results[0] != results[1]) & (np.abs(results[0]) < 120)]
        if differ.size:
            found += 1
            yield scales, differ


@pytest.mark.parametrize("name", ["CONV_2D", "FULLY_CONNECTED"])
def test_weighted_sums(name):
    cases = decisive(
        0,
        np.arange(-1000000, 1000000),
        lambda x, k, y: F64(x) * F64(k) / F64(y),
        lambda x, k, y: F64(x * k) / F64(y),
        lambda rng: [F32(rng.uniform(*limits)) for limits in ((0.01, 0.1), (0.01, 0.1), (20, 80))],
        most=3,
    )
    ones = [1, 1] if name == "FULLY_CONNECTED" else [1, 1, 1, 1]
    options = schema.Conv2DOptionsT(strideH=1, strideW=1, dilationHFactor=1, dilationWFactor=1)
    if name == "FULLY_CONNECTED":
        options = schema.FullyConnectedOptionsT()
    for scales, sums in cases:
        tiny, count = TinyModel(), sums.size
        inputs = [tiny.input(ones, scales[0]), tiny.constant(np.zeros((count, *ones[1:]), np.int8), scales[1])]
        inputs.append(tiny.constant(sums.astype(np.int32), scales[0] * scales[1]))
        tiny.output(tiny.op(name, inputs, [tiny.tensor([*ones[:-1], count], scales[2])], options))
        agree(tiny, {"t0": np.zeros(ones, np.int8)})


def near_half(rng):
    """Two scales whose ratio times some integer is nearly a half, for both zero points -128."""
    y = F32(rng.uniform(0.01, 0.1))
    x = F32(F64(y) * (rng.integers(0, 100) + 0.5) / rng.integers(3, 255) * (1 + rng.integers(-2, 3) * 6e-8))
    return x, y


@pytest.mark.parametrize("name", ["RELU", "QUANTIZE", "LEAKY_RELU"])
def test_one_scale_to_another(name):
    options = {"RELU": None, "QUANTIZE": schema.QuantizeOptionsT(), "LEAKY_RELU": schema.LeakyReluOptionsT(alpha=0.7)}
    cases = decisive(0, np.arange(256), lambda x, y: F64(x) / F64(y), lambda x, y: F64(x / y), near_half)
    for (x, y), _ in cases:
        tiny = TinyModel()
        inputs, output = [tiny.input([1, 256], x, -128)], tiny.tensor([1, 256], y, -128)
        tiny.output(tiny.op(name, inputs, [output], options[name]))
        agree(tiny, {"t0": EVERY})


def test_sums_of_one_value():
    cases = decisive(0, np.arange(256), lambda x, y: F64(x) / F64(y), lambda x, y: F64(x / y), near_half)
    for (x, y), _ in cases:
        tiny = TinyModel()
        inputs = [tiny.input([1, 256, 1], x, -128), tiny.constant(np.array([2], np.int32))]
        tiny.output(tiny.op("SUM", inputs, [tiny.tensor([1, 256], y, -128)], schema.ReducerOptionsT()))
        agree(tiny, {"t0": EVERY[..., None]})


@pytest.mark.parametrize("name", ["ADD", "SUB"])
def test_sums_and_differences(name):
    rng = np.random.default_rng(0)
    found = 0
    while found < 8:
        x, y = near_half(rng)
        other = F32(x * rng.uniform(0.2, 3))
        twice = 2 * max(x, other)
        double = F64(x) / (2 * F64(max(x, other))), 2 * F64(max(x, other)) / (2.0**20 * F64(y))
        single = x / twice, twice / (F32(2**20) * y)
        results = []
        for real, real_out in (double, single):
            term = multiply(np.arange(256) << 20, *quantize_multiplier(F64(real)))
            results.append(np.minimum(multiply(term, *quantize_multiplier(F64(real_out))), 255))
        if np.array_equal(*results):
            continue
        found += 1
        tiny = TinyModel()
        inputs = [tiny.input([1, 256], scale, -128, name=key) for scale, key in ((x, "a"), (other, "b"))]
        options = getattr(schema, f"{name.capitalize()}OptionsT")()
        tiny.output(tiny.op(name, inputs, [tiny.tensor([1, 256], y, -128)], options))
        agree(tiny, {"a": EVERY, "b": np.full_like(EVERY, -128)})


def test_slope_of_leaky_relu():
    alpha = F32(0.3)

    def draw(rng):
        x, y = near_half(rng)
        return F32(x / alpha), y

    cases = decisive(
        0,
        -np.arange(256),
        lambda x, y: F64(x) * F64(alpha) / F64(y),
        lambda x, y: F64(x * alpha / y),
        draw,
    )
    for (x, y), _ in cases:
        tiny = TinyModel()
        inputs, output = [tiny.input([1, 256], x, 127)], tiny.tensor([1, 256], y, 127)
        tiny.output(tiny.op("LEAKY_RELU", inputs, [output], schema.LeakyReluOptionsT(alpha=float(alpha))))
        agree(tiny, {"t0": EVERY})


def test_products():
    factors = np.arange(1, 256)
    cases = decisive(
        0,
        np.unique(np.outer(factors, factors)),
        lambda x, k, y: F64(x) * F64(k) / F64(y),
        lambda x, k, y: F64(x * k / y),
        lambda rng: [F32(rng.uniform(0.001, 0.1)), F32(rng.uniform(0.001, 0.1)), F32(rng.uniform(0.1, 3))],
    )
    for scales, products in cases:
        first = next(n for n in factors[::-1] if products[0] % n == 0 and products[0] // n <= 255)
        tiny = TinyModel()
        inputs = [tiny.input([1, 1], scale, -128, name=name) for scale, name in zip(scales, "ab", strict=False)]
        tiny.output(tiny.op("MUL", inputs, [tiny.tensor([1, 1], scales[2], -128)], schema.MulOptionsT()))
        a, b = (np.array([[int(n) - 128]], np.int8) for n in (first, products[0] // first))
        agree(tiny, {"a": a, "b": b})


@pytest.mark.parametrize("name", ["RELU6", "ADD"])
def test_six(name):
    rng = np.random.default_rng(0)
    found = 0
    while found < 8:
        scale = F32(6 / (rng.integers(10, 200) + 0.5))
        if np.floor(F64(F32(6) / scale) + 0.5) == np.floor(6 / F64(scale) + 0.5):
            continue
        found += 1
        tiny = TinyModel()
        x, y = tiny.input([1, 256], scale, -128), tiny.tensor([1, 256], scale, -128)
        if name == "ADD":
            zeros = tiny.constant(np.zeros((1, 256), np.int8), scale)
            tiny.output(tiny.op(name, [x, zeros], [y], schema.AddOptionsT(fusedActivationFunction=3)))
        else:
            tiny.output(tiny.op(name, [x], [y]))
        agree(tiny, {"t0": EVERY})


def test_hard_swish():
    rng = np.random.default_rng(0)
    for _ in range(40):  # ratios near the middle between two 16-bit multipliers
        x = F32(rng.uniform(0.01, 0.1))
        y = F32(F64(x) / 2 / (rng.integers(2**14, 2**15) + 0.5) * 2**15)
        tiny = TinyModel()
        inputs, output = [tiny.input([1, 256], x)], tiny.tensor([1, 256], np.nextafter(y, F32(rng.integers(0, 2))))
        tiny.output(tiny.op("HARD_SWISH", inputs, [output], schema.HardSwishOptionsT()))
        agree(tiny, {"t0": EVERY})

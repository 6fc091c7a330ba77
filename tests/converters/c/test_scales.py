"""Multipliers are made from scales in double, as TFLite Micro makes them, where that decides a bit."""

import aot_build
import numpy as np
import pytest
from tiny_models import TinyModel, schema

from tfcaps.quantization.simulator.tflite_rounding import multiply, quantize_multiplier

F32, F64 = np.float32, np.float64


def dense(rng):
    """A dense layer of zero weights whose biases are rounded otherwise by a product in float32."""
    sums = np.arange(-1_000_000, 1_000_000)
    while True:
        x, k, y = (F32(rng.uniform(*limits)) for limits in ((0.01, 0.1), (0.01, 0.1), (20, 80)))
        double, single = (multiply(sums, *quantize_multiplier(F64(m) / F64(y))) for m in (F64(x) * F64(k), x * k))
        differ = sums[(double != single) & (np.abs(double) < 120)]
        if differ.size:
            break
    tiny = TinyModel()
    inputs = [tiny.input([1, 1], x), tiny.constant(np.zeros((differ.size, 1), np.int8), k)]
    inputs.append(tiny.constant(differ.astype(np.int32), x * k))
    output = tiny.tensor([1, differ.size], y)
    tiny.output(tiny.op("FULLY_CONNECTED", inputs, [output], schema.FullyConnectedOptionsT()))
    return tiny.to_bytes(), [np.zeros((1, 1), np.int8)]


def difference(rng):
    """A subtraction some of whose results are rounded otherwise by scales in float32."""
    every = np.arange(-128, 128, dtype=np.int8)[None]
    while True:
        y = F32(rng.uniform(0.01, 0.1))
        x = F32(F64(y) * (rng.integers(0, 100) + 0.5) / rng.integers(3, 255) * (1 + rng.integers(-2, 3) * 6e-8))
        other = F32(x * rng.uniform(0.2, 3))
        largest, results = max(x, other), []
        for kind in (F64, F32):
            twice = kind(2) * kind(largest)
            term = multiply(np.arange(256) << 20, *quantize_multiplier(F64(kind(x) / twice)))
            results.append(multiply(term, *quantize_multiplier(F64(twice / (kind(2.0**20) * kind(y))))))
        if not np.array_equal(*(np.minimum(r, 255) for r in results)):
            break
    tiny = TinyModel()
    inputs = [tiny.input([1, 256], scale, -128, name=name) for scale, name in ((x, "a"), (other, "b"))]
    tiny.output(tiny.op("SUB", inputs, [tiny.tensor([1, 256], y, -128)], schema.SubOptionsT()))
    return tiny.to_bytes(), [every, np.full_like(every, -128)]


@pytest.mark.parametrize("make", [dense, difference])
def test_double_decides(make, tmp_path):
    rng = np.random.default_rng(0)
    cases = {f"case_{n}": make(rng) for n in range(3)}
    programs = aot_build.build_many({name: model for name, (model, _) in cases.items()}, tmp_path)
    for name, (model, inputs) in cases.items():
        for found, expected in zip(programs[name].run(inputs), aot_build.tflm(model, inputs), strict=True):
            np.testing.assert_array_equal(found, expected)

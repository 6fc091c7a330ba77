"""The builtin operators of the simulator against the runtimes' reference kernels, bit for bit, on random layers."""

import numpy as np
import pytest
from tiny_models import TinyModel, schema

from tfcaps.errors import FileFormatError
from tfcaps.quantization.simulator import Simulator
from tfcaps.runtime import Interpreter

ACTIVATIONS = [
    schema.ActivationFunctionType.NONE,
    schema.ActivationFunctionType.RELU,
    schema.ActivationFunctionType.RELU6,
]


def scale(rng, low=0.01, high=0.1):
    return float(rng.uniform(low, high))


def zero(rng):
    return int(rng.integers(-128, 128))


def windowed(rng, options, size, extent, image):
    """Fills in random strides and padding; the output's height and width."""
    options.strideH, options.strideW = (int(s) for s in rng.integers(1, 3, 2))
    options.padding = int(rng.choice([schema.Padding.SAME, schema.Padding.VALID]))
    options.fusedActivationFunction = int(rng.choice(ACTIVATIONS))
    room = image if options.padding == schema.Padding.SAME else [n - e + 1 for n, e in zip(image, extent, strict=True)]
    return [-(-n // s) for n, s in zip(room, (options.strideH, options.strideW), strict=True)]


def convolution(rng, depthwise):
    tiny = TinyModel()
    channels, image = int(rng.integers(1, 7)), [int(n) for n in rng.integers(8, 14, 2)]
    size, dilation = [int(n) for n in rng.integers(1, 5, 2)], int(rng.integers(1, 3))
    outputs = channels * int(rng.integers(1, 3)) if depthwise else int(rng.integers(1, 20))
    x = tiny.input([1, *image, channels], scale(rng), zero(rng))
    shape = (1, *size, outputs) if depthwise else (outputs, *size, channels)
    scales = rng.uniform(0.001, 0.02, outputs)
    kernel = tiny.constant(rng.integers(-127, 128, shape).astype(np.int8), scales, axis=3 if depthwise else 0)
    bias = tiny.constant(rng.integers(-9000, 9000, outputs).astype(np.int32), 0.001)
    options = schema.DepthwiseConv2DOptionsT() if depthwise else schema.Conv2DOptionsT()
    room = windowed(rng, options, size, [(s - 1) * dilation + 1 for s in size], image)
    options.dilationHFactor = options.dilationWFactor = dilation
    if depthwise:
        options.depthMultiplier = outputs // channels
    y = tiny.tensor([1, *room, outputs], scale(rng, 0.05, 0.2), zero(rng))
    tiny.output(tiny.op("DEPTHWISE_CONV_2D" if depthwise else "CONV_2D", [x, kernel, bias], [y], options))
    return tiny


def dense(rng):
    tiny = TinyModel()
    depth, units = (int(n) for n in rng.integers(1, 50, 2))
    x = tiny.input([1, depth], scale(rng), zero(rng))
    scales = rng.uniform(0.001, 0.02, units if rng.integers(0, 2) else 1)
    inputs = [x, tiny.constant(rng.integers(-127, 128, (units, depth)).astype(np.int8), scales)]
    if rng.integers(0, 2):
        inputs.append(tiny.constant(rng.integers(-9000, 9000, units).astype(np.int32), 0.001))
    options = schema.FullyConnectedOptionsT(fusedActivationFunction=int(rng.choice(ACTIVATIONS)))
    tiny.output(tiny.op("FULLY_CONNECTED", inputs, [tiny.tensor([1, units], scale(rng), zero(rng))], options))
    return tiny


def pool(rng, name):
    tiny = TinyModel()
    shared, image, options = (scale(rng), zero(rng)), [9, 11], schema.Pool2DOptionsT()
    size = [int(n) for n in rng.integers(1, 5, 2)]
    options.filterHeight, options.filterWidth = size
    x = tiny.input([1, *image, 3], *shared)
    y = tiny.tensor([1, *windowed(rng, options, size, size, image), 3], *shared)
    tiny.output(tiny.op(name, [x], [y], options))
    return tiny


def binary(rng, name):
    tiny = TinyModel()
    a = tiny.input([1, 10, 20], scale(rng, 0.001), zero(rng), name="a")
    b = tiny.input([1, 10, 20], scale(rng, 0.001), zero(rng), name="b")
    options = getattr(schema, f"{name.capitalize()}OptionsT")(fusedActivationFunction=int(rng.choice(ACTIVATIONS)))
    tiny.output(tiny.op(name, [a, b], [tiny.tensor([1, 10, 20], scale(rng), zero(rng))], options))
    return tiny


def quantize(rng):
    tiny = TinyModel()
    x = tiny.input([1, 500], scale(rng, 0.001), zero(rng))
    tiny.output(tiny.op("QUANTIZE", [x], [tiny.tensor([1, 500], scale(rng), zero(rng))], schema.QuantizeOptionsT()))
    return tiny


def float_ends(rng):
    tiny = TinyModel()
    x = tiny.input([1, 500], dtype=np.float32)
    q = tiny.tensor([1, 500], scale(rng), zero(rng))
    tiny.op("QUANTIZE", [x], [q], schema.QuantizeOptionsT())
    y = tiny.tensor([1, 500], dtype=np.float32)
    tiny.output(tiny.op("DEQUANTIZE", [q], [y], schema.DequantizeOptionsT()))
    return tiny


MAKERS = {
    "CONV_2D": lambda rng: convolution(rng, False),
    "DEPTHWISE_CONV_2D": lambda rng: convolution(rng, True),
    "FULLY_CONNECTED": dense,
    "MAX_POOL_2D": lambda rng: pool(rng, "MAX_POOL_2D"),
    "AVERAGE_POOL_2D": lambda rng: pool(rng, "AVERAGE_POOL_2D"),
    "ADD": lambda rng: binary(rng, "ADD"),
    "SUB": lambda rng: binary(rng, "SUB"),
    "MUL": lambda rng: binary(rng, "MUL"),
    "QUANTIZE": quantize,
    "float in and out": float_ends,
}


@pytest.mark.parametrize("backend", ["litert", "tflm"])
@pytest.mark.parametrize("name", MAKERS)
def test_bits_of_the_reference_kernels(name, backend):
    # LiteRT 2.3 rounds FULLY_CONNECTED once, TFLite Micro and the specification twice; the simulator is the device's.
    tolerance = 1 if (name, backend) == ("FULLY_CONNECTED", "litert") else 0
    for seed in range(15):
        rng = np.random.default_rng(seed)
        model = MAKERS[name](rng).to_bytes()
        simulator = Simulator(model)
        x = {
            info.name: rng.normal(0, 3, (3, *info.shape[1:])).astype(np.float32)
            if info.dtype == np.float32
            else rng.integers(-128, 128, (3, *info.shape[1:])).astype(np.int8)
            for info in simulator.inputs
        }
        expected, found = (run.invoke(x) for run in (simulator, Interpreter(model, backend)))
        np.testing.assert_allclose(found.astype(float), expected.astype(float), rtol=0, atol=tolerance)


def test_what_cannot_be_simulated_says_why():
    tiny = TinyModel()
    x = tiny.input([1, 4], 0.1)
    y = tiny.tensor([1, 4], 0.1, name="quotients")
    tiny.output(tiny.op("DIV", [x, x], [y], schema.DivOptionsT()))
    with pytest.raises(FileFormatError, match=r"operator DIV \(tensor 'quotients'\) is not simulated"):
        Simulator(tiny.to_bytes())

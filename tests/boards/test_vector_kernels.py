"""Shapes that matter to vectors, on the boards that have them: long windows, many filters, odd ends, and each build."""

import numpy as np
import pytest
from every_op import merge
from on_boards import parameter
from one_op import int8, quantised, scale, weight_scales, zero
from tiny_models import TinyModel, schema

from tfcaps.converters import to_c
from tfcaps.micro.boards import BOARDS, MODEL_NAME, measure
from tfcaps.micro.boards.vectors import host, random_vectors

SAME, VALID = schema.Padding.SAME, schema.Padding.VALID
# depth of a group, groups, filters, kernel, image, stride, dilation, padding
CONVOLUTIONS = [
    (1, 1, 16, (7, 7), (12, 12), 1, 1, VALID),
    (16, 1, 66, (7, 7), (11, 11), 2, 1, VALID),
    (3, 1, 5, (3, 3), (9, 10), 1, 1, SAME),
    (40, 1, 3, (5, 5), (7, 9), 2, 1, SAME),
    (17, 1, 131, (1, 1), (3, 5), 1, 1, VALID),
    (33, 1, 7, (3, 2), (8, 7), 1, 2, SAME),
    (5, 3, 12, (3, 3), (7, 8), 1, 1, SAME),
    (64, 2, 70, (2, 2), (5, 6), 1, 1, VALID),
    (2, 1, 1, (7, 7), (9, 13), 1, 2, SAME),
    (4, 1, 64, (3, 3), (4, 3), 3, 1, SAME),
]
UNITS = [(1, 1, 1), (130, 67, 1), (16, 5, 2), (300, 10, 1), (31, 4, 3)]  # depth, units, rows
SOFTMAXES = [
    (1, 1, 0.1),
    (3, 2, 0.02),
    (2, 17, 0.1),
    (5, 4, 1.0),
    (1, 300, 0.05),
    (1, 1000, 1e-4),
]  # rows, depth, scale
PLAIN = ("-DTFCAPS_PLAIN_C",)
# Of the last, GCC 12.2 for the Cortex-M55 needs the opposite for plain C (docs/boards.md).
BUILDS = {"core": (), "plain": PLAIN, "unoptimised": ("-O0",), "slp": ("-ftree-slp-vectorize",)}
vector_boards = pytest.mark.parametrize(
    "board", [parameter(BOARDS[name]) for name in ("cortex-m55", "rv32gcv", "rv32gcv-256")]
)


def convolution(rng, depth, groups, filters, taps, image, stride, dilation, padding):
    tiny = TinyModel()
    options = schema.Conv2DOptionsT(padding=padding, strideH=stride, strideW=stride)
    options.dilationHFactor = options.dilationWFactor = dilation
    extent = [(t - 1) * dilation + 1 for t in taps]
    room = image if padding == SAME else [n - e + 1 for n, e in zip(image, extent, strict=True)]
    x = tiny.input([1, *image, depth * groups], *quantised(rng))
    kernel = tiny.constant(int8(rng, (filters, *taps, depth)), weight_scales(rng, filters))
    bias = tiny.constant(rng.integers(-9000, 9000, filters).astype(np.int32), 0.001)
    y = tiny.tensor([1, *(-(-n // stride) for n in room), filters], scale(rng, 0.3, 3), zero(rng))
    tiny.output(tiny.op("CONV_2D", [x, kernel, bias], [y], options))
    return tiny


def fully_connected(rng, depth, units, rows):
    tiny = TinyModel()
    kernel = tiny.constant(int8(rng, (units, depth)), weight_scales(rng, units))
    inputs = [tiny.input([1, rows, depth], *quantised(rng)), kernel]
    y = tiny.tensor([1, rows, units], scale(rng, 0.3, 3), zero(rng))
    tiny.output(tiny.op("FULLY_CONNECTED", inputs, [y], schema.FullyConnectedOptionsT(keepNumDims=True)))
    return tiny


def softmax(rows, depth, step):
    tiny = TinyModel()
    x, y = tiny.input([1, rows, depth], step, 3), tiny.tensor([1, rows, depth], 1 / 256, -128)
    tiny.output(tiny.op("SOFTMAX", [x], [y], schema.SoftmaxOptionsT(beta=1.0)))
    return tiny


def parts(rng):
    found = [convolution(rng, *case) for case in CONVOLUTIONS] + [fully_connected(rng, *case) for case in UNITS]
    return found + [softmax(*case) for case in SOFTMAXES]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """Generated C of all of them, its inputs, and the outputs of TFLite Micro."""
    folder = tmp_path_factory.mktemp("vectors") / "c"
    to_c(merge(parts(np.random.default_rng(5))).to_bytes(), folder, name=MODEL_NAME)
    inputs, expected = [], []
    for seed, part in enumerate(parts(np.random.default_rng(5))):
        runner = host(part.to_bytes())
        given, computed = random_vectors(runner, runner.inputs, runner.outputs, 1, seed)
        inputs += given
        expected += computed
    return folder, inputs, expected


@vector_boards
@pytest.mark.parametrize("build", BUILDS)
def test_every_build_gives_the_bits_of_the_host(board, build, program, tmp_path):
    folder, inputs, expected = program
    assert measure(board, folder, inputs, expected, tmp_path, flags=BUILDS[build]).exact


@vector_boards
def test_vectors_pay(board, program, tmp_path):
    """Else a build that has lost its variants would pass."""
    folder, inputs, expected = program
    counts = [
        measure(board, folder, inputs, expected, tmp_path / name, flags=flags).instructions
        for name, flags in (("core", ()), ("plain", PLAIN))
    ]
    assert 3 * counts[0] < counts[1]

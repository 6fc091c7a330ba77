"""The paired layout: the bits of TFLite Micro for convolutions of any shape, and the layers that stay plain."""

import numpy as np
import pytest
from aot_build import build_many, build_one, tflm
from convolutions import convolution
from one_op import conv_2d, depthwise_conv_2d, int8
from tiny_models import TinyModel, schema

from tfcaps.converters.c import build_program
from tfcaps.converters.c.layouts.paired import Filters, Form, fits, form_of, is_carried, lay_out, tap_order
from tfcaps.runtime.tflite_file import read_tflite

SHAPES = {
    "one_by_one": {"taps": [1, 1], "depth": 64, "filters": 8, "image": [3, 3]},
    "one_channel": {"taps": [7, 7], "depth": 1, "filters": 16, "image": [9, 9]},
    "two_channels": {"taps": [5, 3], "depth": 2, "filters": 12, "image": [7, 6]},
    "odd_rows_of_three": {"taps": [4, 3], "depth": 1, "filters": 5, "image": [6, 8]},
    "a_tap": {"taps": [1, 1], "depth": 1, "filters": 2, "image": [3, 3]},
    "long_runs": {"taps": [2, 3], "depth": 90, "filters": 4, "image": [4, 5]},
    "many_filters": {"taps": [3, 3], "depth": 5, "filters": 140, "image": [4, 3]},
    "one_position": {"taps": [3, 3], "depth": 8, "filters": 7, "image": [3, 3]},
    "carried": {"taps": [1, 1], "depth": 701, "filters": 7, "image": [2, 3], "weights": 127},
    "carried_by_rows": {"taps": [3, 3], "depth": 75, "filters": 68, "image": [5, 4], "weights": 127},
}


def layouts_of(model):
    return [layer.layout for layer in build_program(read_tflite(model), layout="paired").layers]


def inputs_for(model, rng):
    program = build_program(read_tflite(model))
    return [int8(rng, program.tensors[index].shape) for index in program.inputs]


def test_bits_of_random_convolutions(tmp_path):
    rng = np.random.default_rng(0)
    models = {f"net_{n}": convolution(np.random.default_rng(n)).to_bytes() for n in range(40)}
    models |= {name: convolution(rng, **shape).to_bytes() for name, shape in SHAPES.items()}
    programs = build_many(models, tmp_path, layout="paired")
    laid_out = [layer.layout for program in programs.values() for layer in program.plan.program.layers]
    assert laid_out.count("paired") >= 40
    for name, program in programs.items():
        inputs = inputs_for(models[name], rng)
        for found, expected in zip(program.run(inputs), tflm(models[name], inputs), strict=True):
            np.testing.assert_array_equal(found, expected, err_msg=name)


@pytest.mark.parametrize("name", ["carried", "carried_by_rows"])
def test_sums_that_share_a_word_too_small_for_them(name, tmp_path):
    """The largest inputs there are, on weights of one sign: the sums of odd filters leave 23 bits."""
    model = convolution(np.random.default_rng(1), **SHAPES[name]).to_bytes()
    program = build_one(model, tmp_path, layout="paired")
    (layer,) = program.plan.program.layers
    assert layer.layout == "paired"
    assert layer.emission.constants["weights"][0] == 1
    (shape,) = [program.plan.program.tensors[index].shape for index in program.plan.program.inputs]
    for value in (-128, 127):
        image = np.full(shape, value, np.int8)
        np.testing.assert_array_equal(program.run([image])[0], tflm(model, [image])[0])


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("groups", lambda rng: conv_2d(rng, groups=2)),
        ("depthwise", depthwise_conv_2d),
        ("one filter", lambda rng: convolution(rng, filters=1)),
        ("weights of -128", lambda rng: convolution(rng, weights=-128)),
        ("scales above one", lambda rng: convolution(rng, real=100.0)),
        ("scales of nearly nothing", lambda rng: convolution(rng, real=1e-9)),
    ],
)
def test_layers_that_stay_plain(name, model):
    assert layouts_of(model(np.random.default_rng(0)).to_bytes()) == ["plain"], name


def filters(weights, bias=0, right=8):
    weights = np.atleast_2d(weights).astype(np.int64)
    count = len(weights)
    return Filters(weights, np.broadcast_to(bias, count), np.full(count, 2**30), np.full(count, right))


def test_the_bounds_are_exact():
    """2^23 - 1 is the largest sum that shares a word, -2^23 the least; all others have 30 bits."""
    high = np.zeros((2, 1), int)
    high[1] = 127
    most = 2**23 - 1 - 127 * 127
    assert not is_carried(filters(high, most))
    assert is_carried(filters(high, most + 1))
    least = -(2**23) + 127 * 128
    assert not is_carried(filters(high, least))
    assert is_carried(filters(high, least - 1))
    assert not is_carried(filters(high[::-1], np.array([2**29, 0])))
    assert fits(filters(high, 2**30 - 1 - 127 * 127))
    assert not fits(filters(high, 2**30 - 127 * 127))
    assert not fits(filters(high, right=0))
    assert not fits(filters(high, right=23))
    assert fits(filters(high, right=22))


@pytest.mark.parametrize("rows", [1, 2, 3, 7])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 12, 17, 65])
def test_every_tap_has_its_place(size, rows):
    order = tap_order(size, rows)
    odd = size % 2 * (rows if size >= 64 else (rows + 1) // 2)
    assert len(order) == 2 * (rows * (size // 2) + odd)
    assert sorted(order)[: size * rows] == list(range(size * rows))
    assert order.count(size * rows) == len(order) - size * rows


def test_words_hold_both_filters():
    weights = np.zeros((4, 4), np.int64)
    weights[0], weights[1] = [1, 2, 3, 4], [-5, 6, -7, 8]
    words = lay_out(filters(weights, bias=9), tap_order(4, 1), Form.PAIRS, zero_point=-3)
    first, second = words[1:].reshape(2, 4 + 2 + 6)
    assert words[0] == Form.PAIRS
    assert first[:4].tolist() == [9, 9, 256 * 9 + 9, 256 * 9 + 9]
    halves = [(int(np.int16(word & 0xFFFF)), int(word) >> 16) for word in first[4:6]]
    assert halves == [(256 * -5 + 1, 256 * -7 + 3), (256 * 6 + 2, 256 * 8 + 4)]
    assert not second[4:6].any()
    assert first[6:].reshape(2, 3).tolist() == second[6:].reshape(2, 3).tolist() == [[2**30, 2**7 - 3 * 2**8, 8]] * 2


def test_filters_of_small_layers_lie_single():
    weights = np.array([[1, -2, 3, -4], [5, 6, -127, 8]])
    words = lay_out(filters(weights, bias=[9, -9]), tap_order(4, 1), Form.SINGLE, zero_point=0)
    assert words[1:5].tolist() == [18, 18, -18, -18]
    halves = [(int(np.int16(word & 0xFFFF)), int(word) >> 16) for word in words[5:9]]
    assert halves == [(2, 6), (10, -254), (-4, -8), (12, 16)]
    assert form_of(filters(weights), 2) == form_of(filters(weights), 128) == Form.SINGLE
    assert form_of(filters(weights), 129) == Form.PAIRS
    assert form_of(filters(np.ones((64, 64))), 32) == Form.SINGLE
    assert form_of(filters(np.ones((64, 65))), 33) == Form.PAIRS


def test_the_arena_stays_small():
    """A convolution 7 x 7 of 16 channels gets by with two rows of its window: 112 steps of 8 bytes."""
    rng, tiny = np.random.default_rng(0), TinyModel()
    x = tiny.input([1, 22, 22, 16], 0.05, -128)
    options = schema.Conv2DOptionsT(padding=schema.Padding.VALID, strideH=2, strideW=2)
    options.dilationHFactor = options.dilationWFactor = 1
    kernel = tiny.constant(rng.integers(-127, 128, (64, 7, 7, 16)).astype(np.int8), np.full(64, 0.001))
    y = tiny.tensor([1, 8, 8, 64], 0.3, 0)
    tiny.output(tiny.op("CONV_2D", [x, kernel], [y], options))
    (layer,) = build_program(read_tflite(tiny.to_bytes()), layout="paired").layers
    assert (layer.layout, layer.emission.scratch, layer.emission.wanted_scratch) == ("paired", 112 * 8, 7 * 56 * 8)

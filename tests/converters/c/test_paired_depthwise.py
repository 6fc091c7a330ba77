"""Depthwise convolutions of the paired layout: the bits of TFLite Micro, and the layers that stay plain."""

import numpy as np
import pytest
from aot_build import build_many, build_one, tflm
from convolutions import depthwise
from one_op import depthwise_conv_2d, int8

from tfcaps.converters.c import build_program
from tfcaps.converters.c.layouts.paired_depthwise import fits, pair_taps
from tfcaps.runtime.tflite_file import read_tflite

PLENTY = 1 << 20  # bytes of RAM: all scratch memory that is wanted
SHAPES = {
    "square": {"taps": [3, 3], "image": [9, 14], "channels": 8, "multiplier": 1},
    "a_tap": {"taps": [1, 1], "image": [2, 3], "channels": 4},
    "one_position": {"taps": [5, 5], "image": [5, 5], "channels": 5},
    "two_tiles": {"taps": [3, 3], "image": [4, 37], "channels": 4, "stride": [1, 1]},
    "odd_channels": {"taps": [3, 3], "image": [6, 7], "channels": 11, "multiplier": 1},
    "tall": {"taps": [5, 1], "image": [12, 3], "channels": 6},
    "wide": {"taps": [1, 5], "image": [2, 40], "channels": 4},
    "four_wide": {"taps": [2, 4], "image": [6, 9], "channels": 4, "stride": [1, 2]},
    "rows_apart": {"taps": [3, 3], "image": [13, 8], "channels": 4, "dilation": 3, "stride": [1, 1]},
    "less_than_the_window": {"taps": [5, 5], "image": [2, 2], "channels": 7},
    "many_filters": {"taps": [3, 3], "image": [5, 6], "channels": 5, "multiplier": 7},
}


def layers_of(model, ram=0):
    return build_program(read_tflite(model), layout="paired", ram=ram).layers


def inputs_for(model, rng):
    program = build_program(read_tflite(model))
    return [int8(rng, program.tensors[index].shape) for index in program.inputs]


@pytest.mark.parametrize("ram", [0, PLENTY])
def test_bits_of_random_convolutions(ram, tmp_path):
    rng = np.random.default_rng(0)
    models = {f"net_{n}": depthwise(np.random.default_rng(n)).to_bytes() for n in range(24)}
    models |= {name: depthwise(rng, **shape).to_bytes() for name, shape in SHAPES.items()}
    programs = build_many(models, tmp_path, layout="paired", ram=ram)
    laid_out = [layer.layout for program in programs.values() for layer in program.plan.program.layers]
    assert laid_out.count("paired") == len(models)
    for name, program in programs.items():
        inputs = inputs_for(models[name], rng)
        for found, expected in zip(program.run(inputs), tflm(models[name], inputs), strict=True):
            np.testing.assert_array_equal(found, expected, err_msg=name)


@pytest.mark.parametrize("value", [-128, 127])
def test_bits_of_the_largest_sums(value, tmp_path):
    model = depthwise(np.random.default_rng(3), taps=[5, 5], image=[7, 9], channels=4).to_bytes()
    program = build_one(model, tmp_path, layout="paired")
    image = np.full((1, 7, 9, 4), value, np.int8)
    np.testing.assert_array_equal(program.run([image])[0], tflm(model, [image])[0])


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("seven taps", {"taps": [7, 3], "image": [9, 9]}),
        ("three channels", {"channels": 3}),
        ("three columns apart", {"stride": [1, 3]}),
        ("scales above one", {"real": 100.0}),
        ("scales of nearly nothing", {"real": 1e-9}),
    ],
)
def test_layers_that_stay_plain(name, shape):
    (layer,) = layers_of(depthwise(np.random.default_rng(0), **shape).to_bytes())
    assert layer.layout == "plain", name


def test_dilated_columns_stay_plain():
    models = [depthwise_conv_2d(np.random.default_rng(seed)) for seed in range(30)]
    dilated = [
        tiny.to_bytes()
        for tiny in models
        if tiny.graph.operators[0].builtinOptions.dilationWFactor > 1 and tiny.graph.tensors[1].shape[2] > 1
    ]
    assert dilated
    assert all(layers_of(model)[0].layout == "plain" for model in dilated)


def test_shared_rows_are_kept_where_there_is_memory(tmp_path):
    """8 blocks of 4 channels, 3 rows of 4 planes of 10 words, and 3 words: what the kernel asks for, to the byte."""
    shape = {"taps": [3, 3], "image": [14, 14], "channels": 32, "multiplier": 1, "stride": [1, 1]}
    model = depthwise(np.random.default_rng(0), **shape).to_bytes()
    (layer,) = layers_of(model)
    assert (layer.emission.scratch, layer.emission.wanted_scratch) == (0, 4 * (8 * 3 * 4 * 10 + 3))
    image = int8(np.random.default_rng(1), (1, 14, 14, 32))
    program = build_one(model, tmp_path, layout="paired", ram=PLENTY)
    (layer,) = program.plan.program.layers
    np.testing.assert_array_equal(program.run([image])[0], tflm(model, [image])[0])


@pytest.mark.parametrize("shape", [{"stride": [3, 1], "taps": [3, 3]}, {"dilation": 2, "taps": [3, 3]}])
def test_nothing_is_kept_where_windows_share_no_rows(shape):
    (layer,) = layers_of(depthwise(np.random.default_rng(0), image=[9, 9], **shape).to_bytes())
    assert (layer.layout, layer.emission.wanted_scratch) == ("paired", 0)


def halves(words):
    return [(int(np.int16(word & 0xFFFF)), int(word) >> 16) for word in words]


def test_pairs_of_taps():
    weights = np.array([[[1, -1], [2, -2], [-3, 3]], [[4, 9], [5, 9], [-128, 9]]])
    next_3 = pair_taps(weights, 1)
    assert next_3.shape == (2, 4)
    assert halves(next_3[0]) == [(2, 4), (4, -6), (8, 10), (10, -256)]
    assert halves(pair_taps(weights, 2)[1]) == [(-2, -4), (6, 0), (18, 18), (18, 0)]
    five = np.arange(1, 6).reshape(1, 5, 1)
    assert halves(pair_taps(five, 1)[0]) == [(2, 4), (6, 8), (4, 6), (8, 10)]
    assert halves(pair_taps(five, 2)[0]) == [(2, 4), (6, 8), (10, 0)]
    assert halves(pair_taps(five[:, :4], 1)[0]) == [(2, 4), (6, 8), (4, 6), (8, 0)]


def test_the_bounds_are_exact():
    weights = np.full((1, 1, 1), 100)
    most = 2**30 - 1 - 100 * 127
    assert fits(weights, np.array([most]), 0)
    assert not fits(weights, np.array([most + 1]), 0)
    least = -(2**30) + 100 * 128
    assert fits(weights, np.array([least]), 0)
    assert not fits(weights, np.array([least - 1]), 0)
    assert fits(weights, np.array([2**30 - 1 - 100 * 255]), -128)
    assert not fits(weights, np.array([2**30 - 100 * 255]), -128)

"""The interleaved layout: the bits of TFLite Micro for convolutions of any shape, and the layers that stay plain."""

import numpy as np
import pytest
from aot_build import build_many, tflm
from convolutions import convolution
from one_op import conv_2d, depthwise_conv_2d, int8

from tfcaps.converters.c import build_program
from tfcaps.converters.c.layouts.interleaved import both_biases, interleave
from tfcaps.runtime.tflite_file import read_tflite

SHAPES = {
    "one_by_one": {"taps": [1, 1], "depth": 64, "filters": 8, "image": [3, 9]},
    "one_channel": {"taps": [7, 7], "depth": 1, "filters": 16, "image": [9, 28]},
    "two_channels": {"taps": [5, 3], "depth": 2, "filters": 12, "image": [7, 6]},
    "many_filters": {"taps": [3, 3], "depth": 5, "filters": 139, "image": [4, 7]},
    "one_position": {"taps": [3, 3], "depth": 8, "filters": 7, "image": [3, 3]},
    "more_columns_than_a_tile": {"taps": [2, 2], "depth": 3, "filters": 4, "image": [2, 90]},
}


def layouts_of(model):
    return [layer.layout for layer in build_program(read_tflite(model), layout="interleaved").layers]


def test_bits_of_random_convolutions(tmp_path):
    rng = np.random.default_rng(0)
    models = {f"net_{n}": convolution(np.random.default_rng(n)).to_bytes() for n in range(30)}
    models |= {name: convolution(rng, **shape).to_bytes() for name, shape in SHAPES.items()}
    programs = build_many(models, tmp_path, layout="interleaved")
    laid_out = [layer.layout for program in programs.values() for layer in program.plan.program.layers]
    assert laid_out.count("interleaved") >= 30
    for name, program in programs.items():
        tensors = build_program(read_tflite(models[name]))
        inputs = [int8(rng, tensors.tensors[index].shape) for index in tensors.inputs]
        for found, expected in zip(program.run(inputs), tflm(models[name], inputs), strict=True):
            np.testing.assert_array_equal(found, expected, err_msg=name)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("groups", lambda rng: conv_2d(rng, groups=2)),
        ("depthwise", depthwise_conv_2d),
        ("one filter", lambda rng: convolution(rng, filters=1)),
        ("five filters", lambda rng: convolution(rng, filters=5)),
    ],
)
def test_layers_that_stay_plain(name, model):
    assert layouts_of(model(np.random.default_rng(0)).to_bytes()) == ["plain"], name


def test_weights_lie_side_by_side():
    weights = np.arange(18, dtype=np.int8).reshape(6, 3)  # filters of three taps
    blocks = interleave(weights)
    assert blocks.shape == (2, 3, 4)
    assert blocks[0].tolist() == [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8, 11]]
    assert blocks[1].tolist() == [[12, 15, 0, 0], [13, 16, 0, 0], [14, 17, 0, 0]]


def test_the_folded_bias_wraps():
    weights = np.array([[1, 2], [127, 127]], np.int8)
    bias = np.array([10, -(2**31) + 5], np.int32)
    assert both_biases(weights, bias, 3).tolist() == [[10, -(2**31) + 5], [1, 2**31 + 5 - 762]]

"""The interleaved layout: the bits of TFLite Micro for convolutions of any shape, and the layers that stay plain."""

import numpy as np
import pytest
from aot_build import build_many, tflm
from convolutions import convolution
from one_op import conv_2d, depthwise_conv_2d, int8

from tfcaps.converters.c import build_program
from tfcaps.converters.c.layouts.interleaved import folded_bias, interleave
from tfcaps.runtime.tflite_file import read_tflite

SHAPES = {
    "one_by_one": {"taps": [1, 1], "depth": 64, "filters": 8, "image": [3, 9]},
    "one_channel": {"taps": [7, 7], "depth": 1, "filters": 16, "image": [9, 28]},
    "two_channels": {"taps": [5, 3], "depth": 2, "filters": 12, "image": [7, 6]},
    "many_filters": {"taps": [3, 3], "depth": 5, "filters": 139, "image": [4, 7]},
    "threes": {"taps": [3, 3], "depth": 12, "filters": 8, "image": [6, 7], "weights": 85},
    "sixes": {"taps": [3, 3], "depth": 12, "filters": 8, "image": [6, 7], "weights": 42},
    "all_sizes_of_groups": {"taps": [5, 5], "depth": 11, "filters": 36, "image": [7, 9], "spread": 20},
    "two_taps": {"taps": [1, 1], "depth": 2, "filters": 8, "image": [5, 5]},
}


def layouts_of(model):
    return [layer.layout for layer in build_program(read_tflite(model), layout="interleaved").layers]


def test_bits_of_random_convolutions(tmp_path):
    rng = np.random.default_rng(0)
    models = {f"net_{n}": convolution(np.random.default_rng(n)).to_bytes() for n in range(48)}
    models |= {name: convolution(rng, **shape).to_bytes() for name, shape in SHAPES.items()}
    programs = build_many(models, tmp_path, layout="interleaved")
    laid_out = [layer.layout for program in programs.values() for layer in program.plan.program.layers]
    assert laid_out.count("interleaved") >= 25
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
        ("four filters", lambda rng: convolution(rng, filters=4)),
        ("eight filters of cut pixels", lambda rng: convolution(rng, filters=8, depth=3, taps=[3, 3], image=[2, 9])),
        ("one position", lambda rng: convolution(rng, taps=[3, 3], filters=8, image=[1, 1])),
        ("two weights of -128", lambda rng: convolution(rng, taps=[2, 2], filters=8, image=[4, 4], weights=-128)),
    ],
)
def test_layers_that_stay_plain(name, model):
    assert layouts_of(model(np.random.default_rng(0)).to_bytes()) == ["plain"], name


def turns_of(block, taps):
    """Groups and weights [taps, 4] of each turn of a block."""
    turns, end = [], taps + taps % 2
    for size in [end % 6 or 6] + [6] * ((end - 1) // 6):
        turns.append((int(block[0]), block[1 : 1 + 4 * size].reshape(size, 4)))
        block = block[1 + 4 * size :]
    assert not block.size
    return turns


@pytest.mark.parametrize("taps", range(1, 20))
def test_weights_lie_side_by_side(taps):
    weights = np.random.default_rng(taps).integers(-127, 128, (6, taps)).astype(np.int8)
    blocks = interleave(weights)
    for number, block in enumerate(blocks):
        found = np.concatenate([turn for _, turn in turns_of(block, taps)])
        expected = np.zeros((taps + taps % 2, 4), np.int8)
        expected[taps % 2 :, : 4 if number == 0 else 2] = weights[4 * number : 4 * number + 4].T
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(("most", "groups"), [(42, -1), (43, 0), (85, 0), (86, 1), (127, 1)])
def test_groups_are_as_large_as_their_sums_allow(most, groups):
    weights = np.zeros((4, 18), np.int8)
    weights[2, 6:12] = -most
    assert [found for found, _ in turns_of(interleave(weights)[0], 18)] == [-1, groups, -1]


def test_the_largest_sums_fit():
    """Inputs of -128 with weights whose magnitudes come to 255, in groups of every size."""
    weights = np.array([[-127, -128, -85, -85, -85, -85, -85, -85, -43, -43, -43, -42, -42, -42]] * 4, np.int8)
    kinds = [kind for kind, _ in turns_of(interleave(weights)[0], 14)]
    assert kinds[1:] == [0, -1]
    magnitudes = np.abs(weights[0].astype(int))
    assert [magnitudes[first:end].sum() for first, end in ((0, 2), (2, 5), (5, 8), (8, 14))] == [255] * 4


def test_two_weights_of_128_do_not_fit():
    assert interleave(np.full((4, 8), -128, np.int8)) is None
    apart = np.zeros((4, 8), np.int8)
    apart[:, ::3] = -128
    assert interleave(apart) is not None


def test_the_folded_bias_wraps():
    weights = np.array([[1, 2], [127, 127]], np.int8)
    bias = np.array([10, -(2**31) + 5], np.int32)
    assert folded_bias(weights, bias, 3).tolist() == [1, 2**31 + 5 - 762]

"""Every layout of weights on every board, the right one for it or not: the bits of TFLite Micro."""

import dataclasses

import numpy as np
import pytest
from convolutions import convolution, depthwise
from every_op import merge
from on_boards import every_board
from one_op import int8
from tiny_models import TinyModel, dense_params, squash_params

from tfcaps.converters import to_c
from tfcaps.converters.c.layouts import LAYOUTS
from tfcaps.micro.boards import MODEL_NAME, measure
from tfcaps.micro.boards.vectors import host, random_vectors

COUNT = 16


def capsules(inputs, depth, dimension, outputs=3):
    """A capsule layer whose votes need no shift."""
    rng = np.random.default_rng(depth)
    tiny = TinyModel()
    u = tiny.squash(tiny.input([1, inputs, depth], 0.05, 3), squash_params(0.05, 3))
    params = dense_params(rng, outputs * dimension, capsules=outputs, inputs=inputs, depth=depth)
    params = dataclasses.replace(params, vote_shift=0)
    kernel = int8(rng, (inputs, outputs * dimension, depth)) // 4
    tiny.output(tiny.capsule_dense(u, kernel, params, outputs))
    return tiny


@pytest.fixture(scope="module")
def model():
    """Convolutions of random shapes, depthwise too, one behind whose window nothing fits, one whose sums are carried,
    some with weights as training gives them, which interleaved are added up in groups of all sizes, and capsules."""
    rng = np.random.default_rng(0)
    parts = [convolution(np.random.default_rng(n)) for n in range(COUNT)]
    parts.append(convolution(rng, taps=[7, 7], depth=1, filters=16, image=[9, 9]))
    parts.append(convolution(rng, taps=[1, 1], depth=701, filters=8, image=[2, 3], weights=127))
    parts += [convolution(rng, filters=20, image=[5, 7], spread=spread) for spread in (5, 10, 15, 25, 40)]
    parts.append(convolution(rng, taps=[5, 5], depth=11, filters=36, image=[6, 7], spread=20))
    parts += [capsules(inputs, 3, 5) for inputs in (9, 3)] + [capsules(9, 6, 7)]
    parts += [depthwise(np.random.default_rng(n)) for n in range(COUNT)]
    for taps in ([3, 3], [5, 5], [3, 5]):
        parts += [depthwise(rng, taps=taps, image=[5, 19], stride=[1, stride]) for stride in (1, 2)]
    return merge(parts).to_bytes()


@pytest.mark.parametrize("layout", list(LAYOUTS))
@every_board
def test_a_layout_gives_the_same_bits_everywhere(board, layout, model, tmp_path):
    program = to_c(model, tmp_path / "c", name=MODEL_NAME, layout=layout).program
    for operator in LAYOUTS[layout].operators:
        laid_out = [layer.layout == layout for layer in program.layers if layer.op == operator]
        assert sum(laid_out) > len(laid_out) / 2, operator
    assert is_exact(board, program, model, tmp_path)


@every_board
def test_an_odd_number_of_input_capsules_where_loops_take_two(board, tmp_path):
    sizes = [(4, dimension) for dimension in (2, 4, 5, 6, 8)] + [(8, 4)]
    model = merge([capsules(7, *size) for size in sizes]).to_bytes()
    program = to_c(model, tmp_path / "c", name=MODEL_NAME, layout="paired").program
    calls = [layer.emission.call for layer in program.layers if layer.op == "TfcapsCapsuleDense"]
    assert [call.startswith("tfcaps_capsule_dense_passes_s8(") for call in calls] == [True] * len(sizes)
    assert is_exact(board, program, model, tmp_path)


def is_exact(board, program, model, folder):
    """Whether C in a folder gives the host's bits on a board."""
    ends = ([program.tensors[k] for k in indices] for indices in (program.inputs, program.outputs))
    inputs, expected = random_vectors(host(model), *ends, 2, 0)
    return measure(board, folder / "c", inputs, expected, folder / "on").exact

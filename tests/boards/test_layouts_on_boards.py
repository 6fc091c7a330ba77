"""Every layout of weights on every board, the right one for it or not: the bits of TFLite Micro."""

import numpy as np
import pytest
from convolutions import convolution
from every_op import merge
from on_boards import every_board

from tfcaps.converters import to_c
from tfcaps.converters.c.layouts import LAYOUTS
from tfcaps.micro.boards import MODEL_NAME, measure
from tfcaps.micro.boards.vectors import host, random_vectors

COUNT = 16


@pytest.fixture(scope="module")
def convolutions():
    """Convolutions of random shapes, one behind whose window nothing fits, and one whose sums are carried."""
    rng = np.random.default_rng(0)
    parts = [convolution(np.random.default_rng(n)) for n in range(COUNT)]
    parts.append(convolution(rng, taps=[7, 7], depth=1, filters=16, image=[9, 9]))
    parts.append(convolution(rng, taps=[1, 1], depth=701, filters=8, image=[2, 3], weights=127))
    return merge(parts).to_bytes()


@pytest.mark.parametrize("layout", list(LAYOUTS))
@every_board
def test_a_layout_gives_the_same_bits_everywhere(board, layout, convolutions, tmp_path):
    program = to_c(convolutions, tmp_path / "c", name=MODEL_NAME, layout=layout).program
    assert sum(layer.layout == layout for layer in program.layers) > COUNT / 2
    ends = ([program.tensors[k] for k in indices] for indices in (program.inputs, program.outputs))
    inputs, expected = random_vectors(host(convolutions), *ends, 2, 0)
    assert measure(board, tmp_path / "c", inputs, expected, tmp_path / "on").exact

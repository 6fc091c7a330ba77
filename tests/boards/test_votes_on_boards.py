"""What a plan says of votes is what the kernels of the board do, and what it chooses takes fewer instructions."""

import dataclasses

import numpy as np
import pytest
from every_op import merge
from on_boards import parameter
from one_op import int8
from tiny_models import TinyModel, dense_params, squash_params

from tfcaps.converters import to_c
from tfcaps.micro.boards import BOARDS, MODEL_NAME, measure
from tfcaps.micro.boards.vectors import host, random_vectors

# Input capsules and their elements, output capsules and theirs: those that the loops in assembly or of vectors take,
# and others.
SHAPES = [(16, 4, 5, 6), (16, 4, 5, 8), (16, 8, 5, 8), (16, 8, 5, 6), (15, 5, 3, 7)]
boards = pytest.mark.parametrize(
    "board", [parameter(BOARDS[name]) for name in ("cortex-m0", "cortex-m4", "cortex-m55", "rv32imac")]
)


def parts():
    rng = np.random.default_rng(3)
    found = []
    for inputs, depth, capsules, dimension in SHAPES:
        tiny = TinyModel()
        outputs = capsules * dimension
        params = dense_params(rng, outputs, capsules=capsules, inputs=inputs, depth=depth)
        params = dataclasses.replace(params, vote_shift=0, logit_bits=max(24, params.logit_bits))
        u = tiny.squash(tiny.input([1, inputs, depth], 0.05, 3), squash_params(0.05, 3))
        kernel = int8(rng, (inputs, outputs, depth)) // 4  # whose votes fit without a shift
        tiny.output(tiny.capsule_dense(u, kernel, params, capsules))
        found.append(tiny)
    return found


@pytest.fixture(scope="module")
def vectors():
    inputs, expected = [], []
    for seed, part in enumerate(parts()):
        runner = host(part.to_bytes())
        given, computed = random_vectors(runner, runner.inputs, runner.outputs, 1, seed)
        inputs += given
        expected += computed
    return merge(parts()).to_bytes(), inputs, expected


@boards
def test_the_policy_is_what_the_kernels_do_and_the_quicker_one(board, vectors, tmp_path):
    model, inputs, expected = vectors
    counts, policies = {}, {}
    for votes in ("auto", "keep", "recompute"):
        folder = tmp_path / votes
        folder.mkdir()
        options = {"processor": board.processor, "votes": votes, "ram": 1 << 20}
        to_c(model, folder / "c", name=MODEL_NAME, **options)
        found = measure(board, folder / "c", inputs, expected, folder)
        assert found.exact
        of_dense = [layer for layer in found.layers if layer.op == "TfcapsCapsuleDense"]
        counts[votes] = [layer.instructions for layer in of_dense]
        policies[votes] = [layer.policy for layer in of_dense]
    assert set(policies["recompute"]) == {"votes recomputed"}
    for n, shape in enumerate(SHAPES):
        kept = policies["keep"][n] == "votes kept"
        differs = abs(counts["keep"][n] - counts["recompute"][n]) > 0.01 * counts["recompute"][n]
        assert kept == differs, shape
        least = min(counts["keep"][n], counts["recompute"][n])
        assert counts["auto"][n] <= 1.01 * least, shape

"""Three whole models on every board: the bits of the host, and figures that fit each other."""

import json

import pytest
from bench_command import KEYS, bench_json
from click.testing import CliRunner
from on_boards import every_board

from tfcaps.cli.main import cli
from tfcaps.micro.processors import PROCESSORS

MACS = {"tiny": 106_560, "micro": 354_560, "q7_mnist": 4_143_680}
LAYER_KEYS = ["index", "op", "name", "instructions", "macs", "policy"]


@every_board
@pytest.mark.parametrize("name", MACS)
def test_models_give_the_bits_of_the_host(board, name, files):
    (found,) = bench_json(files[name], "--target", board.name)
    assert list(found) == KEYS
    assert found["target"] == board.name
    assert found["exact"] is True
    assert found["macs"] == MACS[name]
    layers = found["layers"]
    assert [list(layer) for layer in layers] == [LAYER_KEYS] * len(layers)
    assert [layer["index"] for layer in layers] == list(range(len(layers)))
    assert sum(layer["instructions"] for layer in layers) == found["instructions"]
    assert sum(layer["macs"] for layer in layers) == found["macs"]
    assert 0.05 * found["macs"] < found["instructions"] < 100 * found["macs"]
    assert 0 < found["stack_bytes"] < 4096
    assert found["arena_bytes"] + 28 * 28 + 10 + found["stack_bytes"] == found["ram_bytes"]  # no variables
    assert 2000 < found["code_bytes"] < 32_000
    small = 4096 if PROCESSORS[board.processor].layout == "paired" else 0  # the layer whose weights take two bytes each
    assert abs(found["weight_bytes"] - constants(files[name])) < 0.1 * found["weight_bytes"] + 512 + small


def constants(path):
    """What the .tflite has of weights, biases and options."""
    return json.loads(CliRunner().invoke(cli, ["inspect", str(path), "--json"]).stdout)["constant_bytes"]

"""`--processor`: what it decides, what wins over it, where it is named, and that no bit depends on it."""

import json

import numpy as np
import pytest
from aot_build import build_one, tflm
from click.testing import CliRunner
from one_op import int8
from tiny_models import TinyModel, schema

from tfcaps.cli.main import cli
from tfcaps.converters.c import build_program, to_c, votes
from tfcaps.converters.c.layouts import LAYOUTS
from tfcaps.errors import TfcapsError
from tfcaps.micro.boards import BOARDS
from tfcaps.micro.processors import PROCESSORS
from tfcaps.runtime.tflite_file import read_tflite


def network():
    """A convolution that every layout suits, and a dense layer."""
    rng = np.random.default_rng(0)
    tiny = TinyModel()
    x = tiny.input([1, 6, 5, 8], 0.05, 3)
    kernel = tiny.constant(int8(rng, (8, 3, 3, 8)) // 2, [0.01] * 8, axis=0)
    options = schema.Conv2DOptionsT(padding=schema.Padding.VALID, strideH=1, strideW=1)
    options.dilationHFactor = options.dilationWFactor = 1
    y = tiny.op("CONV_2D", [x, kernel], [tiny.tensor([1, 4, 3, 8], 0.3, -5)], options)
    weights = tiny.constant(int8(rng, (4, 96)), [0.01])
    z = tiny.tensor([1, 4], 0.3, 7)
    tiny.output(tiny.op("FULLY_CONNECTED", [y, weights], [z], schema.FullyConnectedOptionsT()))
    return tiny.to_bytes()


def layouts(**options):
    program = build_program(read_tflite(network()), **options)
    return program.layout, program.layers[0].layout


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "net.tflite"
    path.write_bytes(network())
    return path


def compile_command(model, *arguments):
    return CliRunner().invoke(cli, ["compile", str(model), "-o", str(model.parent / "out"), *arguments])


def test_processors_and_boards_name_what_there_is():
    assert {PROCESSORS[name].layout for name in PROCESSORS} <= set(LAYOUTS)
    assert {PROCESSORS[name].kernels for name in PROCESSORS} == set(votes.KERNELS)
    assert {board.processor for board in BOARDS.values()} == set(PROCESSORS)


@pytest.mark.parametrize("name", list(PROCESSORS))
def test_a_processor_brings_its_layout_and_the_bits_stay(name, tmp_path):
    layout = PROCESSORS[name].layout
    assert layouts(processor=name) == (layout, layout if "CONV_2D" in LAYOUTS[layout].operators else "plain")
    program = build_one(network(), tmp_path, processor=name)
    image = int8(np.random.default_rng(1), (1, 6, 5, 8))
    np.testing.assert_array_equal(program.run([image])[0], tflm(network(), [image])[0])


def test_what_is_said_wins():
    assert layouts() == ("plain", "plain")
    assert layouts(processor="cortex-m4", layout="plain") == ("plain", "plain")
    assert layouts(processor="cortex-m4", layout="interleaved") == ("interleaved", "interleaved")
    assert layouts(processor="cortex-m0", layout="paired") == ("paired", "paired")


def test_every_file_and_the_facts_name_it(model):
    result = compile_command(model, "--processor", "cortex-m4", "--json")
    assert result.exit_code == 0, result.stderr
    folder = model.parent / "out"
    stored = json.loads((folder / "net.json").read_text())
    for facts in (json.loads(result.stdout), stored):
        assert (facts["processor"], facts["layout"]) == ("cortex-m4", "paired")
    for name in ("net.c", "net.h", "net_weights.c", "net_weights.h", "net.mk", "CMakeLists.txt"):
        assert "laid out for cortex-m4" in " ".join((folder / name).read_text().splitlines()[:2]), name
    assert "laid out for rv32gcv" in " ".join(compile_command(model, "--processor", "rv32gcv").stdout.split())


def test_without_one_nothing_is_named(model):
    to_c(model, model.parent / "out", name="net")
    assert json.loads((model.parent / "out" / "net.json").read_text())["processor"] is None
    assert not any("laid out for" in path.read_text().splitlines()[0] for path in (model.parent / "out").glob("net*"))


def test_layers_for_cmsis_nn_stay_plain_unless_a_layout_is_said():
    assert layouts(processor="cortex-m4", cmsis_nn=True) == ("paired", "plain")
    assert layouts(processor="cortex-m4", layout="paired", cmsis_nn=True) == ("paired", "paired")
    assert layouts(processor="cortex-m55", cmsis_nn=True) == ("padded", "plain")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"processor": "cortex-m5"}, r"unknown processor 'cortex-m5': .*cortex-m0.*; did you mean 'cortex-m55'\?"),
        ({"processor": ""}, "unknown processor ''"),
        ({"processor": "cortex-m4", "layout": ""}, "unknown layout ''"),
        ({"processor": "rv32imac", "cmsis_nn": True}, "CMSIS-NN is for Cortex-M processors: .*rv32imac"),
    ],
)
def test_wrong_ones_are_refused(options, message, tmp_path):
    with pytest.raises(TfcapsError, match=message):
        to_c(network(), tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--processor", "cortex-m5"], "'cortex-m5' is not one of 'cortex-m0', 'cortex-m3'"),
        (["--processor", "rv32gcv-256"], "'rv32gcv-256' is not one of"),
        (["--processor", "rv32imac", "--cmsis-nn"], "CMSIS-NN is for Cortex-M processors"),
        (["--processor", "cortex-m4", "--layout", "pared"], "unknown layout 'pared'"),
    ],
)
def test_the_command_refuses_them_in_one_line(arguments, message, model):
    result = compile_command(model, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (model.parent / "out").exists()


def test_a_shell_completes_the_names():
    words = {
        "_TFCAPS_COMPLETE": "bash_complete",
        "COMP_WORDS": "tfcaps compile --processor cortex-m5",
        "COMP_CWORD": "3",
    }
    result = CliRunner(env=words).invoke(cli, prog_name="tfcaps")
    assert result.stdout.split() == ["plain,cortex-m55"]

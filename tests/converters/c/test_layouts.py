"""Layouts of weights: what a layout changes, what it leaves, and that every layout gives the same bits."""

import json

import numpy as np
import pytest
from aot_build import build_many, build_one, tflm
from click.testing import CliRunner
from one_op import int8
from tiny_models import TinyModel, schema

from tfcaps.cli.main import cli
from tfcaps.converters.c import build_program
from tfcaps.converters.c.layouts import LAYOUTS, Layout
from tfcaps.converters.c.ops import EMITTERS
from tfcaps.errors import TfcapsError
from tfcaps.runtime.tflite_file import read_tflite


def convolution():
    """A convolution 3 x 3 of 8 channels to 8."""
    rng = np.random.default_rng(0)
    tiny = TinyModel()
    x = tiny.input([1, 6, 5, 8], 0.05, 3)
    kernel = tiny.constant(int8(rng, (8, 3, 3, 8)), [0.01] * 8, axis=0)
    options = schema.Conv2DOptionsT(padding=schema.Padding.VALID, strideH=1, strideW=1)
    options.dilationHFactor = options.dilationWFactor = 1
    y = tiny.tensor([1, 4, 3, 8], 0.3, -5)
    tiny.output(tiny.op("CONV_2D", [x, kernel], [y], options))
    return tiny.to_bytes()


@pytest.fixture
def reversed_layout(monkeypatch):
    """A layout with two emitters: one that does something of its own, one that declines."""
    monkeypatch.setattr(LAYOUTS, "_entries", dict(LAYOUTS._entries))
    layout = Layout("reversed", "filters back to front")

    @layout.register("CONV_2D")
    def conv_2d(call):
        emission = EMITTERS["CONV_2D"](call)
        return None if call.output.shape[-1] % 2 else emission

    return layout


def test_a_layer_has_the_layout_unless_that_declines(reversed_layout):
    program = build_program(read_tflite(convolution()), layout="reversed")
    assert program.layout == "reversed"
    assert [layer.layout for layer in program.layers] == ["reversed"]
    reversed_layout.register("CONV_2D")(lambda call: None)
    program = build_program(read_tflite(convolution()), layout="reversed")
    assert [layer.layout for layer in program.layers] == ["plain"]


def test_the_command_and_the_facts_name_the_layout(tmp_path):
    path = tmp_path / "net.tflite"
    path.write_bytes(convolution())
    result = CliRunner().invoke(cli, ["compile", str(path), "-o", str(tmp_path / "out"), "--layout", "plain"])
    assert result.exit_code == 0, result.stderr
    facts = json.loads((tmp_path / "out" / "net.json").read_text())
    assert facts["layout"] == facts["layers"][0]["layout"] == "plain"


def test_an_unknown_layout_is_refused(tmp_path):
    path = tmp_path / "net.tflite"
    path.write_bytes(convolution())
    with pytest.raises(TfcapsError, match=r"unknown layout 'plane'.*did you mean 'plain'"):
        build_program(read_tflite(path), layout="plane")
    result = CliRunner().invoke(cli, ["compile", str(path), "-o", str(tmp_path / "out"), "--layout", "plane"])
    assert result.exit_code == 2
    assert "unknown layout" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_every_layout_runs(layout, tmp_path):
    assert build_one(convolution(), tmp_path, layout=layout).self_test() == 0


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_outputs_may_take_the_place_of_windows(layout, tmp_path):
    """Of windows that are read twice too: not all taps fit at a time, nor all sums."""
    rng = np.random.default_rng(0)
    models = {f"net_{n}": narrow(rng, 1 + n // 2, 1 + n % 2).to_bytes() for n in range(10)}
    for name, program in build_many(models, tmp_path, layout=layout).items():
        plan = program.plan.program
        second = plan.layers[1]
        assert plan.memory.follows
        assert second.layout == "plain" or second.emission.scratch < second.emission.wanted_scratch
        (inputs,) = (int8(rng, plan.tensors[index].shape) for index in plan.inputs)
        np.testing.assert_array_equal(program.run([inputs])[0], tflm(models[name], [inputs])[0], err_msg=name)


def narrow(rng, width, stride):
    """Convolutions in a row; the second has outputs of this width, and filters and taps that take several turns."""
    tiny, height, width = TinyModel(), 12, width * stride
    x, depth = tiny.input([1, height, width, 3], 0.02, 5), 3
    for filters, taps, step in ((48, 1, 1), (36, 3, stride), (4, 1, 1)):
        options = schema.Conv2DOptionsT(padding=schema.Padding.SAME, strideH=step, strideW=step)
        options.dilationHFactor = options.dilationWFactor = 1
        height, width = -(-height // step), -(-width // step)
        kernel = tiny.constant(rng.integers(-127, 128, (filters, taps, taps, depth)).astype(np.int8), [0.005] * filters)
        y = tiny.tensor([1, height, width, filters], 0.05, -3)
        x, depth = tiny.op("CONV_2D", [x, kernel], [y], options), filters
    tiny.output(x)
    return tiny

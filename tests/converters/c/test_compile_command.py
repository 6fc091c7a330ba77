"""`tfcaps compile`, and the picture of a plan."""

import json
import subprocess
import sys

import numpy as np
import pytest
from aot_networks import random_network
from click.testing import CliRunner
from PIL import Image
from tiny_models import TinyModel, squash_params

from tfcaps.cli.main import cli
from tfcaps.converters.c import build_program, draw_plan, make_plan
from tfcaps.runtime.tflite_file import read_tflite


@pytest.fixture
def model(tmp_path):
    tiny = TinyModel()
    x = tiny.input([1, 6, 4, 1], 1 / 255, -128)
    tiny.output(tiny.squash(tiny.squash(x, squash_params(1 / 255, -128)), squash_params(1 / 128)))
    path = tmp_path / "my-net.tflite"
    path.write_bytes(tiny.to_bytes())
    return path


def run(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def test_a_folder_a_plan_and_a_picture(model, tmp_path):
    result = run("compile", model, "-o", tmp_path / "out", "--plan", tmp_path / "plan.png")
    assert result.exit_code == 0, result.stderr
    assert "arena" in result.stdout
    assert "TfcapsSquash" in result.stdout
    assert {"my_net.c", "my_net.h", "my_net.json", "CMakeLists.txt"} <= {p.name for p in (tmp_path / "out").iterdir()}
    with Image.open(tmp_path / "plan.png") as picture:
        assert picture.width > 500


def test_json(model, tmp_path):
    result = run("compile", model, "-o", tmp_path / "out", "--name", "net", "--json")
    facts = json.loads(result.stdout)
    assert facts["arena_bytes"] == 32
    assert facts["folder"] == str(tmp_path / "out")
    assert facts["layers"] == json.loads((tmp_path / "out" / "net.json").read_text())["layers"]


def test_an_image_for_the_self_test(model, tmp_path):
    image = np.linspace(0, 1, 24, dtype=np.float32).reshape(6, 4)
    np.save(tmp_path / "image.npy", image)
    result = run("compile", model, "-o", tmp_path / "out", "--name", "net", "--image", tmp_path / "image.npy")
    assert result.exit_code == 0, result.stderr
    weights = (tmp_path / "out" / "net_weights.c").read_text()
    stored = weights.split("net_test_input_0[24] = {")[1].split("}")[0].replace("\n", " ")
    expected = np.clip(np.round(image.ravel() * 255) - 128, -128, 127)
    assert [int(n) for n in stored.split(",") if n.strip()] == expected.tolist()


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["--name", "not-an-identifier"], "identifier"),
        (["--plan", "plan.txt"], ".png"),
        (["-o", "no/such/folder"], "does not exist"),
        (["--image", __file__], "image"),
    ],
)
def test_bad_input_is_one_line(arguments, match, model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("compile", model, *arguments)
    assert result.exit_code == 2
    assert match in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == [model.name]


def test_neither_tensorflow_nor_matplotlib_is_imported(model, tmp_path):
    code = (
        "import atexit, sys; from tfcaps.cli.main import main\n"
        "atexit.register(lambda: print('IMPORTED', [m for m in ('tensorflow', 'matplotlib') if m in sys.modules]))\n"
        f"sys.argv = ['tfcaps', 'compile', {str(model)!r}, '-o', {str(tmp_path / 'out')!r}]; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("IMPORTED []\n")


@pytest.mark.parametrize("seed", range(3))
def test_pictures_of_random_networks(seed, tmp_path):
    plan = make_plan(build_program(read_tflite(random_network(seed))))
    draw_plan(plan, tmp_path / "plan.png")
    with Image.open(tmp_path / "plan.png") as picture:
        assert len(np.unique(np.asarray(picture.convert("L")))) > 10
    assert plan.text().count("\n") >= len(plan.rows) + 4

"""`tfcaps bench`: what it says of models, and what when something is wrong."""

import json
import subprocess
import sys

import numpy as np
import pytest
from bench_command import KEYS, bench, bench_json
from on_boards import any_board, parameter
from tiny_models import UNIT, TinyModel, length_params, squash_params

from tfcaps.micro import boards
from tfcaps.micro.boards import vectors
from tfcaps.micro.boards.vectors import random_vectors

on_m4 = pytest.mark.parametrize("board", [parameter(boards.BOARDS["cortex-m4"])])


@any_board
def test_counts_are_the_same_in_two_runs(board, files):
    arguments = (files["tiny"], "--target", board.name)
    assert bench_json(*arguments) == bench_json(*arguments)


@on_m4
def test_several_images_and_targets(board, files):
    one, three = (bench_json(files["tiny"], "--target", board.name, "--images", n)[0] for n in (1, 3))
    assert three["exact"]
    assert abs(three["instructions"] / one["instructions"] - 1) < 0.2
    assert [layer["op"] for layer in three["layers"]] == [layer["op"] for layer in one["layers"]]
    both = bench_json(files["tiny"], "--target", "cortex-m4", "--target", "cortex-m3", "--target", "cortex-m4")
    assert [entry["target"] for entry in both] == ["cortex-m4", "cortex-m3"]


@on_m4
def test_optimise(board, files):
    """Other code for the same bits; the default is -O3."""
    found = {
        option: bench_json(files["tiny"], "--target", board.name, *(["--optimise", option] if option else []))[0]
        for option in ("", "O3", "Os")
    }
    assert all(entry["exact"] for entry in found.values())
    assert found[""] == found["O3"]
    assert found["Os"]["code_bytes"] < 0.95 * found["O3"]["code_bytes"]
    assert found["Os"]["instructions"] > found["O3"]["instructions"]
    assert bench(files["tiny"], "--optimise", "O4").exit_code == 2


@on_m4
def test_table_chart_and_ratio(board, files, tmp_path):
    chart = tmp_path / "layers.png"
    arguments = ("--target", board.name, "--chart", chart, "--against", files["micro"])
    result = bench(files["tiny"], *arguments)
    assert result.exit_code == 0, result.stderr
    assert "not cycles" in result.stdout
    assert "TfcapsCapsuleDense" in result.stdout
    assert "tiny.tflite / micro.tflite" in result.stdout
    assert chart.read_bytes().startswith(b"\x89PNG")
    (found,) = bench_json(files["tiny"], *arguments[:2], "--against", files["micro"])
    other = found["against"]
    assert found["against"]["ratio"] == pytest.approx(found["instructions"] / other["instructions"])
    assert set(other) == {*KEYS, "file", "ratio"}


@any_board
def test_floats_at_the_edges_several_inputs_and_outputs(board, tmp_path):
    tiny = TinyModel()
    floats = tiny.input([1, 5, 4], dtype=np.float32)
    more = tiny.input([1, 3, 4], scale=0.1)
    x = tiny.op("QUANTIZE", [floats], [tiny.tensor([1, 5, 4], 0.05, 3)])
    v = tiny.squash(x, squash_params(0.05, 3))
    tiny.output(tiny.op("DEQUANTIZE", [v], [tiny.tensor([1, 5, 4], dtype=np.float32)]))
    tiny.output(tiny.length(more, length_params(4, 0.1, UNIT)))
    path = tmp_path / "edges.tflite"
    path.write_bytes(tiny.to_bytes())
    (found,) = bench_json(path, "--target", board.name, "--images", 2)
    assert found["exact"]
    assert [layer["op"] for layer in found["layers"]] == ["TfcapsSquash", "TfcapsLength"]


@on_m4
def test_wrong_bits_are_an_error(board, files, monkeypatch):
    def spoilt(*arguments):
        inputs, expected = random_vectors(*arguments)
        expected[0][0, 3] ^= 1
        return inputs, expected

    monkeypatch.setattr(vectors, "random_vectors", spoilt)
    result = bench(files["tiny"], "--target", board.name, "--json")
    assert result.exit_code == 2
    assert result.stderr == "tfcaps: error: outputs differ from the host's on cortex-m4\n"
    assert json.loads(result.stdout)[0]["exact"] is False


@on_m4
def test_a_hang_is_an_error(board, files):
    result = bench(files["q7_mnist"], "--target", board.name, "--images", 1000, "--timeout", 1)
    assert result.exit_code == 2
    assert "cortex-m4: the program did not end within 1 seconds" in result.stderr


@on_m4
def test_tensorflow_is_not_needed(board, files):
    code = (
        "import sys; from tfcaps.cli.bench import bench\n"
        f"bench(['{files['tiny']}', '--target', '{board.name}'], standalone_mode=False)\n"
        "print([m for m in ('tensorflow', 'keras', 'tf_keras') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_list():
    result = bench("--list")
    assert result.exit_code == 0
    assert all(name in result.stdout for name in boards.BOARDS)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--target", "z80"], "'z80' is not one of 'cortex-m0'"),
        (["--images", "0"], "0 is not in the range"),
        (["--chart", "layers.pdf"], "expected the output's name to end in .png"),
        (["--against", "none.tflite"], "does not exist"),
    ],
)
def test_bad_arguments(files, arguments, says):
    result = bench(files["tiny"], *arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_missing_tools(files, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    result = bench(files["tiny"], "--target", "cortex-m4", "--target", "rv32gcv")
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    for package in ("gcc-arm-none-eabi", "qemu-system-arm", "clang-19", "qemu-system-misc"):
        assert package in result.stderr


@on_m4
def test_a_damaged_file(board, tmp_path):
    path = tmp_path / "bad.tflite"
    path.write_bytes(b"TFL3" * 10)
    result = bench(path, "--target", board.name)
    assert result.exit_code == 2
    assert str(path) in result.stderr

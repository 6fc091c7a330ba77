"""The command around its sub-commands: help, exit codes, what is imported, what is written."""

import json
import subprocess
import sys

import click
import pytest
from conftest import tfcaps

import tfcaps as package
from tfcaps.cli import console, output
from tfcaps.cli.main import COMMANDS, cli
from tfcaps.errors import TfcapsError

HEAVY = ("tensorflow", "keras", "tf_keras", "tensorflow_model_optimization", "matplotlib")


def modules_after(*arguments):
    """Run the command in a new process; gives the heavy modules it has imported, and the process."""
    code = (
        "import atexit, sys; from tfcaps.cli.main import main\n"
        f"atexit.register(lambda: print('IMPORTED', [m for m in {HEAVY!r} if m in sys.modules]))\n"
        f"sys.argv = {['tfcaps', *map(str, arguments)]!r}; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    return done.stdout.rsplit("IMPORTED", 1)[1].strip(), done


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["train", "--help"], ["completion", "bash"]])
def test_help_needs_no_tensorflow(arguments):
    imported, done = modules_after(*arguments)
    assert imported == "[]"
    assert done.returncode == 0
    assert done.stderr == ""


def test_inspect_and_run_need_no_tensorflow(chain, data):
    file = chain[0] / "model.tflite"
    for arguments in (["inspect", file], ["run", file, "--data", data, "--index", 0]):
        imported, done = modules_after(*arguments)
        assert imported == "[]"
        assert done.returncode == 0
        assert done.stderr == ""


def test_tensorflow_says_nothing(chain, data):
    imported, done = modules_after("evaluate", chain[0] / "model.keras", "--data", data, "--samples", 5)
    assert imported == "['tensorflow', 'tf_keras']" or "tf_keras" in imported
    assert done.returncode == 0
    assert done.stderr == ""


def test_every_command_has_help():
    listed = tfcaps("--help").stdout
    for name in COMMANDS:
        result = tfcaps(name, "--help")
        assert result.exit_code == 0
        summary = cli.get_command(None, name).get_short_help_str(100)
        assert summary in listed
        assert summary.endswith(".")


def test_version():
    assert tfcaps("--version").stdout == f"tfcaps, version {package.__version__}\n"


def test_no_command_prints_help():
    result = tfcaps()
    assert result.exit_code == 2
    assert "Commands:" in result.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell):
    assert "_TFCAPS_COMPLETE" in tfcaps("completion", shell).stdout


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (TfcapsError("two\nlines \x1b[31m"), 2, "tfcaps: error: two lines \ufffd[31m\n"),
        (FileNotFoundError(2, "No such file or directory", "x.npz"), 2, "tfcaps: error: x.npz: No such file"),
        (RuntimeError("oh"), 2, "tfcaps: error: unexpected RuntimeError: oh"),
        (MemoryError(), 2, "tfcaps: error: out of memory"),
        (KeyboardInterrupt(), 130, "tfcaps: error: interrupted"),
        (click.Abort(), 130, "tfcaps: error: interrupted"),
    ],
)
def test_whatever_happens_is_one_line(error, code, line, monkeypatch):
    def fail():
        raise error

    monkeypatch.setattr("tfcaps.cli.inspect.inspect", click.Command("inspect", callback=fail))
    result = tfcaps("inspect")
    assert result.exit_code == code
    assert result.stderr.startswith(line)
    assert len(result.stderr.splitlines()) == 1


def test_output_is_whole_or_not_there(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(b"old")

    def interrupted():
        with output.replacing(path) as part:
            part.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == b"old"
    with output.replacing(path) as part:
        part.write_bytes(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert [p.name for p in tmp_path.iterdir()] == ["model.tflite"]


def test_json_says_only_what_json_can(capsys):
    console.print_json({"a": float("nan"), "b": (1, 2.5), "c": None, "d": "é"})
    assert json.loads(capsys.readouterr().out) == {"a": None, "b": [1, 2.5], "c": None, "d": "é"}

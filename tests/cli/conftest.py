"""A small data set and a trained, pruned and converted chain of files, made by the command itself."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from tfcaps.cli.main import cli


def tfcaps(*arguments):
    """Run the command in this process; gives click's result."""
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def tfcaps_json(*arguments):
    """Run a command that must succeed; gives what its --json says."""
    result = tfcaps(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """An .npz of 28x28 images in which a bright square says the class, 0 to 3."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 4, 400)
    x = rng.integers(0, 60, (400, 28, 28)).astype("uint8")
    for image, label in zip(x, y, strict=True):
        row, column = 4 + 12 * (label // 2), 4 + 12 * (label % 2)
        image[row : row + 8, column : column + 8] += 180
    path = tmp_path_factory.mktemp("data") / "squares.npz"
    np.savez(path, x_train=x[:300], y_train=y[:300], x_test=x[300:], y_test=y[300:])
    return path


@pytest.fixture(scope="session")
def chain(data, tmp_path_factory):
    """model.keras, pruned.keras and model.tflite, with what each command printed."""
    folder = tmp_path_factory.mktemp("chain")
    run = ("--data", data, "--batch-size", 20, "--seed", 1)
    printed = {
        "train": tfcaps_json("train", "--model", "tiny", *run, "--epochs", 3, "-o", folder / "model.keras"),
        "prune": tfcaps_json("prune", folder / "model.keras", *run, "--epochs", 1, "-o", folder / "pruned.keras"),
        "convert": tfcaps_json("convert", folder / "pruned.keras", "--data", data, "-o", folder / "model.tflite"),
    }
    return folder, printed


@pytest.fixture(scope="session")
def qat(data, chain, tmp_path_factory):
    """model.qat and model.tflite of quantisation-aware training, with what each command printed."""
    folder = tmp_path_factory.mktemp("qat")
    run = ("--data", data, "--batch-size", 20, "--seed", 1, "--epochs", 1)
    printed = {
        "quantize": tfcaps_json("quantize", chain[0] / "pruned.keras", *run, "-o", folder / "model.qat"),
        "convert": tfcaps_json("convert", folder / "model.qat", "-o", folder / "model.tflite"),
    }
    return folder, printed

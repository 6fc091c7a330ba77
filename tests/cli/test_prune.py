"""`tfcaps prune` with a target: smaller files by every kind of option, and options that contradict each other."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from conftest import tfcaps, tfcaps_json
from test_bad_input import refused

from tfcaps._keras import keras
from tfcaps.cli import prune as command
from tfcaps.cli.main import cli


@pytest.fixture(scope="module")
def pruned(chain, data, tmp_path_factory):
    """A smaller model.keras, a picture, and what was printed."""
    folder = tmp_path_factory.mktemp("pruned")
    run = ("--data", data, "--batch-size", 20, "--epochs", 4, "--picture", folder / "report.png")
    model = chain[0] / "model.keras"
    return folder, tfcaps_json("prune", model, *run, "--target", "macs=0.7", "-o", folder / "small.keras")


def test_the_model_gets_smaller(pruned, chain):
    folder, printed = pruned
    assert printed["method"] == "slimming"  # the default where there is a target
    assert printed["totals"]["macs"]["after"] <= 0.7 * printed["totals"]["macs"]["before"]
    assert printed["accuracy"]["fine_tuned"] > 0.8
    assert printed["file_bytes"] == (folder / "small.keras").stat().st_size
    assert printed["file_bytes"] < (chain[0] / "model.keras").stat().st_size
    assert sorted(path.name for path in folder.iterdir()) == ["report.png", "small.keras"]


def test_the_smaller_model_goes_all_the_way(pruned, data, tmp_path):
    small, printed = pruned
    converted = tfcaps_json("convert", small / "small.keras", "--data", data, "-o", tmp_path / "small.tflite")
    assert converted["file_bytes"] == (tmp_path / "small.tflite").stat().st_size
    compiled = tfcaps_json("compile", tmp_path / "small.tflite", "-o", tmp_path / "c")
    assert compiled["macs"] == printed["totals"]["macs"]["after"]
    assert compiled["arena_bytes"] == printed["totals"]["arena_bytes"]["after"]


def test_tables(chain, data, tmp_path):
    run = ("--data", data, "--batch-size", 20, "--epochs", 1, "-o", tmp_path / "small.keras")
    target = ("--method", "l1", "--target", "instructions=80%", "--board", "rv32imac", "--group", "conv1")
    own = ("--option", "align=2", "--option", "normalise=max")
    result = tfcaps("prune", chain[0] / "model.keras", *run, *target, *own)
    assert result.exit_code == 0, result.stderr
    for said in ("conv1", "instructions (rv32imac)", "accuracy, fine-tuned", "80% of"):
        assert said in result.stdout


def test_magnitude_by_its_name_is_what_it_is_without_one(chain, data, tmp_path):
    run = ("--data", data, "--batch-size", 20, "--seed", 1, "--epochs", 1, "-o", tmp_path / "same.keras")
    printed = tfcaps_json("prune", chain[0] / "model.keras", *run, "--method", "magnitude")
    assert printed["sparsity"] == chain[1]["prune"]["sparsity"]
    assert list(printed) == list(chain[1]["prune"])


def test_the_methods_are_the_registered_ones():
    from tfcaps.pruning import METHODS, METRICS

    assert tuple(METHODS) == command.METHODS
    assert METRICS == command.METRICS
    listed = tfcaps("prune", "--list")
    assert listed.exit_code == 0
    for name in ("magnitude", *METHODS):
        assert name in listed.stdout


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--method", "s"], {"sbpf", "slimming", "smcp"}),
        (["--target", "a"], {"activation_bytes=", "arena_bytes="}),
        (["--board", "rv32i"], {"rv32imac", "rv32imc"}),
    ],
)
def test_completion(words, expected):
    from click.shell_completion import ShellComplete

    found = ShellComplete(cli, {}, "tfcaps", "_TFCAPS_COMPLETE").get_completions(["prune", *words[:-1]], words[-1])
    assert {item.value for item in found} == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--method", "l1"], "--method l1 needs a --target"),
        (["--method", "l3"], "'l3' is not one of"),
        (["--target", "flops=0.5"], "'flops' is not one of parameters"),
        (["--target", "macs"], "'' is not a number; write macs=0.5"),
        (["--target", "macs=0"], "positive number"),
        (["--target", "macs=0.5", "--sparsity", "0.5"], "--sparsity means nothing to --method slimming"),
        (["--target", "macs=0.5", "--block", "2:4"], "--block means nothing to --method slimming"),
        (["--target", "macs=0.5", "--schedule", "polynomial"], "--schedule cubic or linear or geometric"),
        (["--schedule", "cubic"], "--schedule polynomial or constant"),
        (["--method", "magnitude", "--target", "macs=0.5"], "--target means nothing to --method magnitude"),
        (["--picture", "x.png"], "--picture means nothing to --method magnitude"),
        (["--target", "macs=0.5", "--picture", "x.jpg"], "to end in .png"),
        (["--target", "macs=0.5", "--board", "cortex-m4"], "a --target in instructions"),
        (["--target", "macs=0.5", "--option", "align"], "write samples=256"),
        (["--target", "macs=0.5", "--option", "align=4"], "'slimming' has no option 'align'"),
        (["--target", "macs=0.5", "--group", "conv9"], "no group 'conv9'"),
        (["--target", "macs=0.0001"], "cannot be met"),
        (["--target", "macs=150%"], "150% is not above 0% and up to 100%"),
        (["--target", "macs=0.5", "--target", "parameters=0.5"], "expected one --target, got 2"),
        (["--target", "macs=0.5", "--group", "lengths"], "no group 'lengths'"),
        (["--target", "macs=0.5", "--method", "sbpf", "--option", "damages=2"], "damages to be numbers such as"),
        (["--target", "macs=0.5", "--method", "l1", "--option", "max_rate=7"], "max_rate to be a number from 0 to 1"),
        (["--target", "macs=0.5", "-o", "/proc/small.keras"], "/proc/small.keras: "),
    ],
)
def test_bad_options(arguments, message, chain, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(tfcaps("prune", chain[0] / "model.keras", "--data", data, *arguments), message)
    assert list(tmp_path.iterdir()) == []


DATA = {
    "values": ({"x_train": np.full((8, 28, 28), np.nan)}, "x_train: expected whole numbers 0 ... 255 or floats"),
    "shapes": ({"x_train": np.zeros((8, 20, 20)), "x_test": np.zeros((4, 20, 20))}, "inputs of shape (28, 28, 1)"),
    "labels": ({"y_train": np.arange(8) + 7}, "the model has 4 classes, data set data has 15"),
    "negative labels": ({"y_train": np.arange(8) - 1}, "y_train: expected labels from 0 on"),
    "lengths": ({"y_train": np.zeros(7, int)}, "8 training images but 7 labels"),
    "nothing": ({"x_train": np.zeros((0, 28, 28)), "y_train": np.zeros(0, int)}, "x_train: holds no examples"),
}


@pytest.mark.parametrize("what", DATA)
def test_bad_data(what, chain, tmp_path, monkeypatch):
    arrays, message = DATA[what]
    right = {"x_train": np.zeros((8, 28, 28)), "y_train": np.arange(8) % 4}
    right |= {"x_test": np.zeros((4, 28, 28)), "y_test": np.arange(4)}
    np.savez(tmp_path / "data.npz", **(right | arrays))
    monkeypatch.chdir(tmp_path)
    run = ("--method", "l1", "--target", "macs=0.5", "--data", "data.npz")
    refused(tfcaps("prune", chain[0] / "model.keras", *run), message)
    assert [path.name for path in tmp_path.iterdir()] == ["data.npz"]


def models():
    """By the reason why they cannot be pruned."""
    layers = keras.layers
    image = keras.Input((28, 28, 1))
    normed = layers.LayerNormalization(name="norm")(layers.Conv2D(4, 3, name="conv")(image))
    top = layers.Dense(4, name="top")
    flat = layers.Flatten()(layers.Conv2D(3, 3, strides=4)(normed))
    return {
        "no group of channels that can be cut": keras.Model(image, layers.Dense(4)(layers.Flatten()(image))),
        "group 'conv' .* cannot be cut: LayerNormalization 'norm': its statistics mix": keras.Model(image, top(flat)),
        "the model has 2 outputs": keras.Model(image, [layers.Dense(4)(flat), layers.Dense(4)(flat)]),
        "expected 2 arrays of images, got 1": keras.Model(
            [image, keras.Input((28, 28, 1))], layers.Dense(4)(layers.Flatten()(layers.Conv2D(2, 3)(image)))
        ),
    }


@pytest.mark.parametrize("number", range(4))
def test_models_that_cannot_be_pruned(number, data, tmp_path):
    message, model = list(models().items())[number]
    model.save(tmp_path / "model.keras")
    run = ("--method", "l1", "--target", "macs=0.5", "--data", data, "-o", tmp_path / "small.keras")
    result = tfcaps("prune", tmp_path / "model.keras", *run, *(("--group", "conv") if number == 1 else ()))
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert re.search(message, result.stderr), result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]


@pytest.mark.parametrize("damage", ["garbage", "truncated", "flipped", "empty"])
def test_damaged_models(damage, chain, data, tmp_path):
    good = (chain[0] / "model.keras").read_bytes()
    third = len(good) // 3
    flipped = good[:third] + bytes(byte ^ 0x5A for byte in good[third : third + 300]) + good[third + 300 :]
    broken = {"garbage": b"no model", "truncated": good[:third], "flipped": flipped, "empty": b""}
    path = tmp_path / "model.keras"
    path.write_bytes(broken[damage])
    run = ("--method", "l1", "--target", "macs=0.5", "--data", data, "-o", tmp_path / "small.keras")
    refused(tfcaps("prune", path, *run), "model.keras: ")
    assert list(tmp_path.iterdir()) == [path]


def test_a_model_of_keras_3(data, tmp_path):
    path = tmp_path / "model.keras"
    build = f"import tfcaps; tfcaps.models.build('tiny', num_classes=4).save({str(path)!r})"
    environment = {**os.environ, "TF_USE_LEGACY_KERAS": "0"}
    subprocess.run([sys.executable, "-c", build], env=environment, check=True, capture_output=True)
    arguments = ["prune", path, "--method", "l1", "--target", "macs=0.5", "--data", data, "--epochs", "1", "--json"]
    run = [sys.executable, "-m", "tfcaps.cli", *map(str, arguments), "-o", str(tmp_path / "small.keras")]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert json.loads(done.stdout)["totals"]["macs"]["after"] > 0
    assert (tmp_path / "small.keras").exists()

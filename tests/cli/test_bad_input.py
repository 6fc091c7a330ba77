"""Bad input of any kind: one line on standard error, exit code 2, and the output as it was."""

import zipfile

import numpy as np
import pytest
from conftest import tfcaps


def refused(result, message):
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("tfcaps: error: ")
    assert message in lines[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["train", "--frobnicate"], "No such option"),
        (["train", "--epochs", "0"], "0 is not in the range x>=1"),
        (["train", "--epochs", "many"], "'many' is not a valid integer"),
        (["train", "--seed", "-1"], "-1 is not in the range"),
        (["train", "--learning-rate", "nan"], "'nan' is not a number"),
        (["train", "--data", "digits", "--model", "tiny", "--decay", "0"], "0.0 is not in the range"),
        (["train", "--model", "micor", "--data", "digits"], "unknown model 'micor'"),
        (["train", "--data", "nonsense"], "no data set and no file nonsense"),
        (["train", "--data", "fashion_mnist", "--data-dir", "/nowhere"], "no such folder"),
        (["train", "--model", "q7_mnist", "--data", "digits"], "needs images of at least"),
        (["train", "--data", "digits", "--samples", "100000"], "100000 training images asked for"),
        (["train", "-o", "/nowhere/model.keras"], "the folder /nowhere does not exist"),
        (["train", "-o", "model.h5"], "to end in .keras"),
        (["prune"], "Missing argument 'MODEL'"),
        (["prune", "nothing.keras"], "'nothing.keras' does not exist"),
        (["inspect", "nothing.tflite"], "'nothing.tflite' does not exist"),
        (["inspect", "."], "is a directory"),
        (["completion", "tcsh"], "'tcsh' is not one of"),
    ],
)
def test_bad_arguments(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(tfcaps(*arguments), message)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["prune", "{chain}/model.tflite"], "expected a model saved as .keras or .qat"),
        (["prune", "{chain}/model.keras", "--sparsity", "1"], "1.0 is not in the range"),
        (["prune", "{chain}/model.keras", "--block", "row"], "'row' is not one of"),
        (["prune", "{chain}/model.keras", "--data", "digits"], "images of (8, 8, 1)"),
        (["prune", "{chain}/model.keras", "--data", "{data}", "--block", "2:4", "--sparsity", "0.7"], "2:4"),
        (["quantize", "{chain}/model.keras", "-o", "{chain}/model.h5"], "to end in .qat or .keras"),
        (["quantize", "{chain}/model.keras", "--data", "digits"], "images of (8, 8, 1)"),
        (["convert", "{chain}/model.keras", "--data", "digits"], "images of (8, 8, 1)"),
        (["convert", "{chain}/model.tflite"], "expected a model saved as .keras or .qat"),
        (["convert", "{chain}/model.keras", "--calibration-samples", "0"], "0 is not in the range"),
        (["compare", "{chain}/model.keras"], "Missing argument 'TFLITE'"),
        (["compare", "{chain}/model.keras", "{chain}/model.keras"], "model.keras: not a .tflite"),
        (["compare", "{chain}/model.tflite", "{chain}/model.tflite", "--data", "{data}"], "expected a model saved"),
        (["evaluate", "{chain}/model.tflite", "--data", "digits"], "images of (8, 8, 1)"),
        (["evaluate", "{chain}/model.tflite", "--data", "{data}", "--samples", "101"], "101 test images asked for"),
        (["evaluate", "{chain}/model.tflite", "--backend", "onnx"], "'onnx' is not one of"),
        (["run", "{chain}/model.tflite"], "nothing to run on"),
        (["run", "{chain}/model.tflite", "{chain}/model.keras"], "cannot be read as an image"),
        (["run", "{chain}/model.tflite", "--data", "{data}", "--index", "100"], "no test image 100, there are 100"),
        (["inspect", "{chain}/model.keras"], "not a .tflite"),
    ],
)
def test_wrong_files(arguments, message, chain, data, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder, _ = chain
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    refused(tfcaps(*[a.format(chain=folder, data=data) for a in arguments]), message)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [0, 3, 8, 100, 5000, -1])
@pytest.mark.parametrize("command", ["inspect", "evaluate", "run"])
def test_truncated_tflite(command, size, chain, data, tmp_path):
    path = tmp_path / "cut.tflite"
    path.write_bytes((chain[0] / "model.tflite").read_bytes()[:size])
    more = {"inspect": [], "evaluate": ["--data", data], "run": ["--data", data, "--index", "0"]}[command]
    refused(tfcaps(command, path, *more), "cut.tflite")


def test_a_qat_file_is_not_trained_again(qat):
    for command in ("prune", "quantize"):
        refused(tfcaps(command, qat[0] / "model.qat", "--data", "digits"), "model.qat: is quantised already")


@pytest.mark.parametrize(("made_by", "name"), [("chain", "model.keras"), ("qat", "model.qat")])
@pytest.mark.parametrize("damage", ["truncated", "empty", "text", "member", "config"])
def test_damaged_models(made_by, name, damage, data, tmp_path, request):
    good = request.getfixturevalue(made_by)[0] / name
    path = tmp_path / name
    if damage == "member":  # the weights are missing
        copy_zip(good, path, leave_out=("model.weights.h5", "weights/0001.npy"))
    elif damage == "config":
        copy_zip(good, path, replace={"config.json": b"{]", "tfcaps.json": b'{"format": 2}'})
    else:
        path.write_bytes({"truncated": good.read_bytes()[:2000], "empty": b"", "text": b"capsule " * 99}[damage])
    output = tmp_path / "model.tflite"
    output.write_bytes(b"old")
    refused(tfcaps("convert", path, "--data", data, "-o", output), name)
    assert output.read_bytes() == b"old"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([name, "model.tflite"])


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((8, 8), "uint8"), "the model takes (28, 28, 1)"),
        (np.full((28, 28), 2.0), "floats in [0, 1]"),
        (np.full((28, 28), np.nan), "floats in [0, 1]"),
        (np.zeros(5), "expected an image"),
        (np.array(["text"]), "expected an image"),
        (np.array([{}]), "cannot be read as an image"),
    ],
)
def test_images_that_do_not_fit(array, message, chain, tmp_path):
    path = tmp_path / "image.npy"
    np.save(path, array, allow_pickle=True)
    refused(tfcaps("run", chain[0] / "model.tflite", path), message)


def test_layers_that_cannot_be_converted_are_named(data, tmp_path):
    from tfcaps._keras import keras

    image = keras.Input((28, 28, 1))
    x = keras.layers.Lambda(lambda t: t * 2, name="twice")(keras.layers.Flatten()(image))
    keras.Model(image, keras.layers.Dense(4)(x)).save(str(tmp_path / "model.keras"))
    result = tfcaps("convert", tmp_path / "model.keras", "--data", data, "-o", tmp_path / "model.tflite")
    refused(result, "model.keras: the model cannot be loaded")
    assert "ambda" in result.stderr
    assert not (tmp_path / "model.tflite").exists()


def test_a_model_without_shapes(data, tmp_path):
    from tfcaps._keras import keras

    with pytest.warns(UserWarning, match="not yet been built"):
        keras.Sequential([keras.layers.Dense(4)]).save(str(tmp_path / "model.keras"))
    refused(tfcaps("convert", tmp_path / "model.keras", "--data", data), "saved before it was built")


def copy_zip(source, target, leave_out=(), replace=None):
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.namelist():
            if entry not in leave_out:
                new.writestr(entry, (replace or {}).get(entry, old.read(entry)))

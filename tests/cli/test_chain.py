"""Every command on the files of the one before it."""

import json

import numpy as np
import pytest
from conftest import tfcaps, tfcaps_json

COMPARISON = [
    "coupling_correlation",
    "coupling_sum_error_lsb",
    "mean_length_error",
    "agreement",
    "accuracy_float",
    "accuracy_int8",
    "samples",
]


def test_training_learns_and_reports(chain):
    _, printed = chain
    train = printed["train"]
    assert train["accuracy"] > 0.9
    assert [epoch["epoch"] for epoch in train["epochs"]] == [1, 2, 3]
    assert train["epochs"][2]["loss"] < train["epochs"][0]["loss"]
    assert train["parameters"] == 5 * 1 + 9632 - 5 - 36 * 4 * 6 * 4  # tiny has ten classes, this one four


def test_pruning_reaches_half_and_quantising_keeps_it(chain, qat):
    pruned, quantized = chain[1]["prune"], qat[1]["quantize"]
    assert pruned["sparsity"] == pytest.approx(0.5, abs=0.01)
    assert quantized["sparsity"] == pytest.approx(0.5, abs=0.01)
    assert pruned["nonzeros"] >= quantized["nonzeros"] > 0


def test_only_the_files_asked_for_are_there(chain, qat):
    assert sorted(path.name for path in chain[0].iterdir()) == ["model.keras", "model.tflite", "pruned.keras"]
    assert sorted(path.name for path in qat[0].iterdir()) == ["model.qat", "model.tflite"]


@pytest.mark.parametrize("made_by", ["chain", "qat"])
def test_inspect(made_by, request):
    file = request.getfixturevalue(made_by)[0] / "model.tflite"
    found = tfcaps_json("inspect", file)
    assert [op["name"] for op in found["operators"] if op["custom"]] == [
        "TfcapsSquash",
        "TfcapsCapsuleDense",
        "TfcapsLength",
    ]
    dense = next(op for op in found["operators"] if op["name"] == "TfcapsCapsuleDense")
    assert dense["options"]["iterations"] == 3
    assert len(dense["options"]["multiplier"]) == 4 * 4
    assert dense["constant_bytes"] == 36 * 4 * 4 * 4
    assert found["file_bytes"] == file.stat().st_size
    assert found["inputs"][0]["shape"] == [1, 28, 28, 1]
    table = tfcaps("inspect", file).stdout
    for word in ("TfcapsSquash", "logit_bits", "1x36x4", "28x28", "sizes"):
        assert word in table


@pytest.mark.parametrize(("made_by", "name"), [("chain", "pruned.keras"), ("qat", "model.qat")])
def test_compare_prints_exactly_these_figures(made_by, name, data, request):
    folder, _ = request.getfixturevalue(made_by)
    model, tflite = folder / name, folder / "model.tflite"
    figures = tfcaps_json("compare", model, tflite, "--data", data)
    assert list(figures) == COMPARISON
    assert figures["samples"] == 100
    assert figures["coupling_correlation"] > 0.99
    assert figures["coupling_sum_error_lsb"] <= 2
    assert figures["mean_length_error"] < 0.02
    assert "correlation of couplings" in tfcaps("compare", model, tflite, "--data", data, "--samples", 20).stdout


@pytest.mark.parametrize(
    ("made_by", "name"),
    [
        ("chain", "model.keras"),
        ("chain", "pruned.keras"),
        ("chain", "model.tflite"),
        ("qat", "model.qat"),
        ("qat", "model.tflite"),
    ],
)
def test_evaluate(made_by, name, data, request):
    folder, _ = request.getfixturevalue(made_by)
    score = tfcaps_json("evaluate", folder / name, "--data", data)
    assert score["samples"] == 100
    assert score["accuracy"] > 0.8
    assert score["runtime"] == ("litert" if name.endswith(".tflite") else "tensorflow")
    assert score["arena_used_bytes"] is None


def test_both_backends_give_the_same_scores(chain, data):
    folder, _ = chain
    answers = [
        tfcaps_json("run", folder / "model.tflite", "--data", data, "--index", 0, "--index", 7, "--backend", backend)
        for backend in ("litert", "tflm")
    ]
    assert answers[0]["results"] == answers[1]["results"]
    assert [result["label"] for result in answers[0]["results"]] == np.load(data)["y_test"][[0, 7]].tolist()
    score = tfcaps_json("evaluate", folder / "model.tflite", "--data", data, "--samples", 10, "--backend", "tflm")
    assert score["samples"] == 10
    assert 0 < score["arena_used_bytes"] < 100_000


def test_run_on_files(chain, data, tmp_path):
    from PIL import Image

    folder, _ = chain
    image = np.load(data)["x_test"][0]
    label = int(np.load(data)["y_test"][0])
    np.save(tmp_path / "bytes.npy", image)
    np.save(tmp_path / "floats.npy", image.astype("float32") / 255)
    np.save(tmp_path / "three.npy", np.stack([image] * 3)[..., None])
    Image.fromarray(image).save(tmp_path / "picture.png")
    paths = [tmp_path / name for name in ("bytes.npy", "floats.npy", "three.npy", "picture.png")]
    answer = tfcaps_json("run", folder / "model.tflite", *paths, "--data", data, "--index", 0)
    results = answer["results"]
    assert [result["input"] for result in results[:6]] == [
        "bytes.npy",
        "floats.npy",
        "three.npy[0]",
        "three.npy[1]",
        "three.npy[2]",
        "picture.png",
    ]
    assert all(result["scores"] == results[0]["scores"] for result in results)
    assert results[6]["label"] == label
    assert results[0]["label"] is None
    assert "bytes.npy" in tfcaps("run", folder / "model.tflite", paths[0]).stdout


def test_a_qat_file_is_the_model_it_was_made_from(qat, data):
    folder, printed = qat
    score = tfcaps_json("evaluate", folder / "model.qat", "--data", data)
    assert score["accuracy"] == pytest.approx(printed["quantize"]["accuracy"], abs=1e-6)


def test_the_seed_decides(data, tmp_path):
    def train(name, seed):
        path = tmp_path / name
        run = ("--data", data, "--samples", 60, "--epochs", 1, "--seed", seed, "-o", path)
        return tfcaps_json("train", "--model", "tiny", *run)["epochs"]

    assert train("a.keras", 1) == train("b.keras", 1) != train("c.keras", 2)


def test_tables_and_json_say_the_same(chain, data, tmp_path):
    folder, _ = chain
    run = ("--data", data, "--calibration-samples", 20, "-o", tmp_path / "again.tflite")
    assert json.loads(tfcaps("convert", folder / "model.keras", *run, "--json").stdout)["file_bytes"] > 9000
    result = tfcaps("convert", folder / "model.keras", *run)
    assert result.exit_code == 0
    assert "file bytes" in result.stdout
    assert result.stderr == ""

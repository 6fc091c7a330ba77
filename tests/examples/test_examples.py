"""Every example runs, on a small budget, and does what it says."""

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest

from tfcaps._keras import LEGACY
from tfcaps.converters.c import build_program
from tfcaps.runtime.tflite_file import read_tflite

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def example(name):
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


@pytest.fixture
def few_images(tmp_path, monkeypatch):
    """Four hundred images of four learnable classes, as an .npz, in an otherwise empty working folder."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    y = np.arange(400) % 4
    x = rng.uniform(0, 0.2, (400, 28, 28))
    for image, label in zip(x, y, strict=True):
        image[14 * (label // 2) :, 14 * (label % 2) :][:14, :14] += 0.7
    np.savez(tmp_path / "few.npz", x=x.astype(np.float32), y=y)
    return str(tmp_path / "few.npz")


def test_train(few_images, capsys, tmp_path):
    options = ["--data", few_images, "--model", "tiny", "--epochs", "6", "--output", "model.keras"]
    accuracy = example("01_train_capsnet")(options)
    assert accuracy > 0.9
    assert "9,632" not in capsys.readouterr().out  # four classes, so fewer parameters
    assert (tmp_path / "model.keras").exists()


@pytest.mark.skipif(not LEGACY, reason="tfmot knows tf_keras only")
def test_prune_and_quantize(few_images, tmp_path):
    options = ["--data", few_images, "--model", "tiny", "--epochs", "5", "--output", "qat.tflite"]
    results = example("02_prune_and_quantize")(options)
    assert list(results) == ["float", "pruned", "quantised"]
    assert results["float"][1].sparsity == 0.0
    for stage in ("pruned", "quantised"):
        accuracy, report = results[stage]
        assert accuracy > 0.9
        assert report.sparsity == pytest.approx(0.5, abs=0.01)
    assert (tmp_path / "qat.tflite").stat().st_size > 5_000


def test_convert_and_run(few_images, capsys, tmp_path):
    example("01_train_capsnet")(["--data", few_images, "--model", "tiny", "--epochs", "6", "--output", "model.keras"])
    answers = example("03_convert_and_run")(["--data", few_images, "--model", "model.keras"])
    np.testing.assert_array_equal(answers["LiteRT"], answers["TFLite Micro"])
    assert np.abs(answers["LiteRT"] - answers["float"]).mean() < 0.02
    assert "agree to the bit: True" in capsys.readouterr().out
    assert (tmp_path / "model.tflite").exists()


def test_convert_without_a_model(few_images):
    answers = example("03_convert_and_run")(["--data", few_images, "--samples", "64"])
    assert answers["float"].shape == (64, 4)


@pytest.mark.skipif(not LEGACY, reason="tfmot knows tf_keras only")
def test_demo(few_images, tmp_path, capsys):
    options = ["--data", few_images, "--epochs", "4", "2", "1", "--output-dir", "out"]
    steps = example("demo")(options)
    assert [s.name for s in steps][3:5] == ["int8 in LiteRT", "int8 in TFLite Micro"]
    assert steps[4].accuracy > 0.9
    assert steps[4].arena_bytes > 1000
    if shutil.which("arm-none-eabi-gcc") and shutil.which("riscv64-unknown-elf-gcc"):
        assert [s.name for s in steps][5:] == ["int8 as C on Cortex-M4", "int8 as C on RISC-V (rv32imac)"]
        assert steps[5].arena_bytes < steps[4].arena_bytes
    assert steps[0].nonzeros == steps[0].parameters
    assert steps[-1].nonzeros == pytest.approx(0.5 * steps[0].parameters, rel=0.02)
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {"float.keras", "micro.tflite", "table.md", "training.png", "sizes.png", "samples.png"}
    assert "agree to the bit" in capsys.readouterr().out


@pytest.mark.skipif(not LEGACY, reason="tfmot knows tf_keras only")
def test_prune_structured(few_images, tmp_path, capsys):
    options = ["--data", few_images, "--model", "tiny", "--epochs", "6", "4", "1", "--target", "macs=0.6"]
    files = ["--output", "small.tflite", "--picture", "small.png"]
    result, accuracies, measured = example("04_prune_structured")([*options, *files])
    assert list(accuracies) == ["float", "pruned", "quantised", "litert", "tflm"]
    assert min(accuracies.values()) > 0.9
    assert result.report.totals["macs"].ratio <= 0.6
    assert "agree to the bit: True" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["few.npz", "small.png", "small.tflite"]
    if shutil.which("arm-none-eabi-gcc") and shutil.which("riscv64-unknown-elf-gcc"):
        assert [m["target"] for m in measured] == ["cortex-m4", "rv32imac"]
        assert {m["macs"] for m in measured} == {result.report.totals["macs"].after}
    program = build_program(read_tflite(tmp_path / "small.tflite"))
    assert program.arena_bytes == result.report.totals["arena_bytes"].after

"""The tiny version of the pruning benchmark runs, and goes on where it was stopped."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]


def test_quick(tmp_path):
    rng = np.random.default_rng(0)
    y = np.arange(240) % 4
    x = rng.uniform(0, 0.2, (240, 28, 28)).astype(np.float32)
    for image, label in zip(x, y, strict=True):
        image[14 * (label // 2) :, 14 * (label % 2) :][:14, :14] += 0.7
    np.savez(tmp_path / "few.npz", x=x, y=y)
    options = ["--quick", "--data", "few.npz", "--samples", "120", "--networks", "micro", "--output-dir", "out"]
    options += ["--methods", "l2, global"]
    command = [sys.executable, ROOT / "benchmarks" / "pruning.py", *options]
    first = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    stored = json.loads((tmp_path / "out" / "micro.json").read_text())["results"]
    dense = ["micro/dense/1/0", "micro/dense, trained on/1/0"]
    assert list(stored) == [*dense, "micro/l2, global/0.5/0", "micro/l2, global/0.3/0"]
    assert all(key in first for key in stored)
    whole, half = stored["micro/dense/1/0"], stored["micro/l2, global/0.5/0"]
    assert half["macs"] <= 0.5 * whole["macs"]
    for figure in ("parameters", "tflite_bytes", "tflm_arena_bytes", "predicted_arena_bytes", "predicted_instructions"):
        assert half[figure] < whole[figure]
    if "arena_bytes" in whole:
        assert half["arena_bytes"] < whole["arena_bytes"]
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert not any(key in again for key in stored)
    again = subprocess.run(
        [*command, "--measure-again"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert [line.split(" {")[0] for line in again.splitlines() if line.startswith("micro/")] == [
        key for key in stored if "trained on" not in key
    ]
    assert json.loads((tmp_path / "out" / "micro.json").read_text())["results"] == stored

"""The Python example of the README runs as it is printed, on fewer images."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np

import tfcaps
from tfcaps.runtime import Interpreter

README = Path(__file__).resolve().parents[2] / "README.md"


def test_the_python_example(tmp_path, monkeypatch, capsys):
    (block,) = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.DOTALL | re.MULTILINE)
    images = np.random.default_rng(0).random((400, 28, 28, 1), np.float32)
    labels = np.arange(400) % 10
    images[np.arange(400), :, labels * 2 + 4] += 1.0  # a bright column tells the class
    few = tfcaps.datasets.Dataset(images[:300] / 2, labels[:300], images[300:] / 2, labels[300:], "few", 10)
    monkeypatch.setattr(tfcaps.datasets, "load", lambda name: few)
    monkeypatch.chdir(tmp_path)
    exec(compile(block, str(README), "exec"), {})
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith(("litert", "tflm"))]
    assert [backend for backend, _ in lines] == ["litert", "tflm"]
    assert lines[0][1] == lines[1][1]
    assert Interpreter("model.tflite").outputs[0].shape == (1, 10)


def test_every_page_it_names_exists():
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README.read_text())
    assert links
    for link in links:
        assert (README.parent / link).exists(), link


def test_its_tables_are_the_measured_ones():
    script = README.parent / "benchmarks" / "update_readme.py"
    subprocess.run([sys.executable, script, "--check"], check=True)

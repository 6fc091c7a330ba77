"""Predictions of any model file the command line knows, one interface for all."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfcaps.cli.console import naming
from tfcaps.errors import DataError, ModelError

_BATCH = 100


@dataclass(frozen=True)
class Predictor:
    """A model that can be asked.

    Attributes:
        predict: Images [N, H, W, C], float32, to scores [N, J].
        input_shape: (H, W, C).
        runtime: What computes it.
        arena_used_bytes: Asked after a prediction: TensorFlow Lite Micro's use of memory, else None.
    """

    predict: Callable[[np.ndarray], np.ndarray]
    input_shape: tuple[int, ...]
    runtime: str
    arena_used_bytes: Callable[[], int | None]


@dataclass(frozen=True)
class Score:
    """The outcome of `evaluate`."""

    accuracy: float
    samples: int
    seconds: float


def open_model(path: Path, backend: str) -> Predictor:
    """A predictor for a .tflite (in `backend`), a .keras or a .qat file.

    Raises:
        TfcapsError: If the file holds no model of one input and one output.
    """
    return _open_tflite(path, backend) if path.suffix == ".tflite" else _open_keras(path)


def evaluate(predictor: Predictor, x: np.ndarray, y: np.ndarray, show: Callable[[int], None]) -> Score:
    """Accuracy of the largest score on images [N, H, W, C] with labels [N]; `show` is told how many are done."""
    if not len(x):
        raise DataError("no test images to evaluate on")
    right = 0
    start = time.monotonic()
    for k in range(0, len(x), _BATCH):
        scores = predictor.predict(x[k : k + _BATCH])
        right += int((scores.argmax(-1) == y[k : k + _BATCH]).sum())
        show(min(k + _BATCH, len(x)))
    return Score(right / len(x), len(x), time.monotonic() - start)


def _open_tflite(path: Path, backend: str) -> Predictor:
    from tfcaps.runtime import Interpreter

    with naming(path):
        interpreter = Interpreter(path, backend=backend)
    if len(interpreter.inputs) != 1 or len(interpreter.outputs) != 1:
        raise ModelError(
            f"{path}: expected one input and one output, got {len(interpreter.inputs)} and {len(interpreter.outputs)}"
        )
    return Predictor(
        predict=lambda images: np.asarray(interpreter(images)),
        input_shape=tuple(interpreter.inputs[0].shape[1:]),
        runtime=backend,
        arena_used_bytes=lambda: interpreter.arena_used_bytes if backend == "tflm" else None,
    )


def _open_keras(path: Path) -> Predictor:
    from tfcaps.cli import model_files

    model = model_files.for_device(model_files.load(path))

    def predict(images: np.ndarray) -> Any:
        return model.predict_on_batch(images)

    return Predictor(predict, tuple(model.input_shape[1:]), "tensorflow", lambda: None)

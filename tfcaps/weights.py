"""Weights without their model: the bridge between Keras 3 and tf_keras.

A ``.keras`` file cannot be read by the other flavour, but the same building code gives the same weights in the same
order:

    tfcaps.weights.export_weights(model, "weights.npz")       in a process on Keras 3
    tfcaps.weights.import_weights(model, "weights.npz")       with TF_USE_LEGACY_KERAS=1, on the model built again
"""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from tfcaps.errors import FileFormatError, ModelError


def export_weights(model: Any, path: str | os.PathLike[str]) -> None:
    """Write the weights of a Keras model of either flavour to an .npz file, in the model's order."""
    path = Path(path)
    unfinished = path.with_name(path.name + ".part")
    try:
        with unfinished.open("wb") as file:
            np.savez(file, **{f"{i:04}": value for i, value in enumerate(model.get_weights())})
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def import_weights(model: Any, path: str | os.PathLike[str]) -> None:
    """Set the weights that `export_weights` wrote.

    Raises:
        FileFormatError: If the file is missing or is no such file.
        ModelError: If the model has other weights than the one they were taken from.
    """
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as archive:
            weights = [archive[key] for key in sorted(archive.files)]
    except (OSError, EOFError, ValueError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise FileFormatError(f"{os.fspath(path)}: not an .npz file of weights ({error})") from error
    shapes, expected = [w.shape for w in weights], [tuple(w.shape) for w in model.weights]
    if shapes != expected:
        at = next((i for i, pair in enumerate(zip(shapes, expected, strict=False)) if pair[0] != pair[1]), None)
        detail = f"number {at} is {shapes[at]} instead of {expected[at]}" if at is not None else "the first ones agree"
        raise ModelError(
            f"{os.fspath(path)} holds {len(shapes)} weights, model {model.name!r} has {len(expected)}: {detail}"
        )
    model.set_weights(weights)

"""Model files of the command line: `.keras`, and `.qat` for a model in quantisation-aware training.

tfmot cannot load its own quantisation-aware models from .keras, so a .qat file is a zip of what rebuilds one:

    tfcaps.json            {"format": 1, "preserve_sparsity": true}
    model.keras            the float model that was quantised
    weights/0000.npy ...   the weights of the quantised model, in its order
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from tfcaps.errors import ModelError, TfcapsError

QAT_SUFFIX = ".qat"
_FORMAT = 1
_HEADER, _MODEL = "tfcaps.json", "model.keras"


def load(path: Path, *, trainable: bool = False) -> Any:
    """The model in a .keras or .qat file; imports the Keras flavour that it was saved by.

    Args:
        path: The file.
        trainable: Whether it is for pruning or quantisation-aware training, which a .qat file has behind it.

    Raises:
        ModelError: If it holds no model that can be loaded.
    """
    names = _members(path)
    if _HEADER in names:
        if trainable:
            raise ModelError(f"{path}: is quantised already: give the .keras file it was made from")
        return _load_qat(path)
    if "metadata.json" in names and "config.json" in names:
        return _load_keras(path)
    raise ModelError(f"{path}: expected a model saved as .keras or {QAT_SUFFIX}, and it is neither")


def is_qat(path: Path) -> bool:
    """Whether a file that can be loaded is a .qat file."""
    return _HEADER in _members(path)


def for_device(model: Any) -> Any:
    """The model from images to lengths: of one with a decoder, the part that a device runs."""
    if len(model.inputs) == len(model.outputs) == 1:
        return model
    from tfcaps.models import inference_model

    return inference_model(model)


def save(model: Any, path: Path) -> None:
    """Write a .keras file without the optimiser's state."""
    from tfcaps._keras import keras

    if len(model.inputs) == len(model.outputs) == 1:  # a compiled model would be saved with its optimiser
        model = keras.Model(model.inputs[0], model.outputs[0], name=model.name)
    model.save(str(path))


def save_qat(float_model: Any, quantized: Any, path: Path, *, preserve_sparsity: bool) -> None:
    """Write a .qat file."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_HEADER, json.dumps({"format": _FORMAT, "preserve_sparsity": preserve_sparsity}))
        inner = Path(folder, _MODEL)
        save(float_model, inner)
        archive.write(inner, _MODEL)
        for k, weight in enumerate(quantized.get_weights()):
            stream = io.BytesIO()
            np.save(stream, weight, allow_pickle=False)
            archive.writestr(_weight(k), stream.getvalue())


def use_flavour_of(path: Path) -> None:
    """Choose the Keras flavour that saved a .keras file, before Keras is imported.

    Raises:
        ModelError: If the other flavour is in use already.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            version = str(json.loads(archive.read("metadata.json"))["keras_version"])
    except Exception as error:
        raise ModelError(f"{path}: damaged .keras file ({error})") from None
    legacy = version.startswith("2.")
    if "tfcaps._keras" not in sys.modules:
        os.environ["TF_USE_LEGACY_KERAS"] = "1" if legacy else "0"
    from tfcaps._keras import FLAVOUR, LEGACY

    if legacy != LEGACY:
        raise ModelError(f"{path}: saved by Keras {version}, while {FLAVOUR} is in use (see TF_USE_LEGACY_KERAS)")


def _members(path: Path) -> set[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError) as error:
        raise ModelError(f"{path}: expected a model saved as .keras or {QAT_SUFFIX} ({error})") from None


def _load_keras(path: Path, called: Path | None = None) -> Any:
    use_flavour_of(path)
    import tfcaps.layers
    import tfcaps.losses
    import tfcaps.metrics  # noqa: F401  (all three: the classes that a file may name)
    from tfcaps._keras import keras
    from tfcaps.cli import quiet

    quiet.silence_tensorflow()
    try:
        model = keras.models.load_model(str(path), compile=False)
    except TfcapsError as error:
        raise ModelError(f"{called or path}: {error}") from None
    except Exception as error:
        raise ModelError(f"{called or path}: the model cannot be loaded ({_first_sentence(error)})") from None
    if not isinstance(model, keras.Model):
        raise ModelError(f"{called or path}: holds a {type(model).__name__}, not a model")
    if not getattr(model, "inputs", None):
        raise ModelError(f"{called or path}: the model was saved before it was built")
    return model


def _load_qat(path: Path) -> Any:
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
            header = json.loads(archive.read(_HEADER))
            if header["format"] != _FORMAT:
                raise ModelError(f"{path}: of format {header['format']}, which this version of tfcaps does not know")
            preserve_sparsity = bool(header["preserve_sparsity"])
            inner = Path(folder, _MODEL)
            inner.write_bytes(archive.read(_MODEL))
            float_model = _load_keras(inner, called=path)
            from tfcaps.quantization import quantize_model

            model = quantize_model(float_model, preserve_sparsity=preserve_sparsity)
            model.set_weights([_read_weight(archive, k, w) for k, w in enumerate(model.get_weights())])
            return model
    except TfcapsError:
        raise
    except Exception as error:
        raise ModelError(f"{path}: damaged {QAT_SUFFIX} file ({_first_sentence(error)})") from None


def _read_weight(archive: zipfile.ZipFile, k: int, like: np.ndarray) -> np.ndarray:
    name = _weight(k)
    if archive.getinfo(name).file_size > like.nbytes + 4096:
        raise ValueError(f"{name} is too large")
    weight = np.load(io.BytesIO(archive.read(name)), allow_pickle=False)
    if weight.shape != like.shape or weight.dtype != like.dtype:
        raise ValueError(f"{name} is {weight.dtype} {weight.shape}, expected {like.dtype} {like.shape}")
    return weight


def _weight(k: int) -> str:
    return f"weights/{k:04d}.npy"


def _first_sentence(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text.split(". ")[0][:300]

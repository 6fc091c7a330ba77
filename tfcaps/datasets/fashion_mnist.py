"""Fashion-MNIST: 60,000 training and 10,000 test images 28x28 of ten kinds of clothing (Xiao et al. 2017)."""

from __future__ import annotations

import os
from pathlib import Path

from tfcaps.datasets import idx
from tfcaps.datasets.base import DATASETS, FORMATS, Dataset, read
from tfcaps.errors import DataError

DEBIAN_DIR = Path("/usr/share/datasets/fashion-mnist")
_FOLDERS = ("", "fashion-mnist", "fashion_mnist")
_FILES = ("fashion-mnist.npz", "fashion_mnist.npz")


def keras_cache() -> Path:
    """Where Keras keeps downloaded data sets."""
    return Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "datasets"


@DATASETS.register("fashion_mnist")
def fashion_mnist(data_dir: Path | None = None, image_size: int | None = None) -> Dataset:
    """Load it from `data_dir`, the Debian package, Keras' cache, or the network, in this order.

    Args:
        data_dir: Folder with the four idx files or an .npz, or with a sub-folder fashion-mnist of them. Given, nothing
            else is tried.
        image_size: As in `load`.

    Raises:
        DataError: If it is nowhere; the message names the three ways to get it.
    """
    for place in [data_dir] if data_dir is not None else [DEBIAN_DIR, keras_cache()]:
        if found := _look(place):
            return _rename(read(found, image_size))
    if data_dir is not None:
        raise DataError(f"{data_dir}: no Fashion-MNIST here; {_WAYS}")
    try:
        _download()
    except Exception as error:  # any failure of the network, of TensorFlow's absence, of a proxy
        reason = " ".join(str(error).split())[:120]
        raise DataError(f"Fashion-MNIST is not installed and its download failed ({reason}); {_WAYS}") from None
    if found := _look(keras_cache()):
        return _rename(read(found, image_size))
    raise DataError(f"Fashion-MNIST was downloaded but is not in {keras_cache()}; {_WAYS}")


_WAYS = (
    "get it in one of three ways: apt-get install dataset-fashion-mnist; let Keras download it "
    "while online (keras.datasets.fashion_mnist.load_data()); or --data-dir FOLDER with its four idx files"
)


def _look(place: Path) -> Path | None:
    """The folder or file of Fashion-MNIST in `place`, if there is one."""
    for name in _FOLDERS:
        folder = place / name
        if folder.is_dir() and FORMATS["idx"].matches(folder) and len(idx.find(folder)) == 4:
            return folder
    return next((place / name for name in _FILES if FORMATS["npz"].matches(place / name)), None)


def _rename(data: Dataset) -> Dataset:
    return Dataset(data.x_train, data.y_train, data.x_test, data.y_test, "fashion_mnist", 10)


def _download() -> None:
    from tfcaps._keras import keras

    keras.datasets.fashion_mnist.load_data()

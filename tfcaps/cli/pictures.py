"""Single images from files and data sets, for `tfcaps run`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfcaps.datasets import Dataset
from tfcaps.errors import DataError


@dataclass(frozen=True)
class Picture:
    """One image [H, W, C], float32 in [0, 1], where it is from, and its class if that is known."""

    name: str
    pixels: np.ndarray
    label: int | None = None


def read(path: Path, input_shape: tuple[int, ...]) -> list[Picture]:
    """The images in an .npy file, or the one in a file that Pillow reads.

    Args:
        path: The file.
        input_shape: What the model takes, (H, W, C).

    Raises:
        DataError: If the file is damaged, or its images are of another shape or range.
    """
    if len(input_shape) != 3:
        raise DataError(f"the model takes inputs of shape {input_shape}, not images")
    try:
        pixels = np.load(path, allow_pickle=False) if path.suffix == ".npy" else _decode(path, input_shape[-1])
    except Exception as error:
        raise DataError(f"{path}: cannot be read as an image ({error})") from None
    several = _floats(path, np.asarray(pixels))
    if several.shape[1:] != input_shape:
        raise DataError(f"{path}: of shape {several.shape[1:]}, the model takes {input_shape}")
    if len(several) == 1:
        return [Picture(path.name, several[0])]
    return [Picture(f"{path.name}[{k}]", image) for k, image in enumerate(several)]


def from_data(data: Dataset, indices: Iterable[int]) -> list[Picture]:
    """Test images by index.

    Raises:
        DataError: If there is no such image.
    """
    found = []
    for k in indices:
        if k >= len(data.x_test):
            raise DataError(f"data set {data.name}: no test image {k}, there are {len(data.x_test)}")
        found.append(Picture(f"{data.name}[{k}]", data.x_test[k], int(data.y_test[k])))
    return found


def _decode(path: Path, channels: int) -> np.ndarray:
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image.convert("L" if channels == 1 else "RGB"))


def _floats(path: Path, pixels: np.ndarray) -> np.ndarray:
    """[N, H, W, C] in float32."""
    if pixels.ndim == 2:
        pixels = pixels[..., None]
    if pixels.ndim == 3:
        pixels = pixels[None]
    if pixels.ndim != 4 or not pixels.size or pixels.dtype.kind not in "uif":
        raise DataError(f"{path}: expected an image [H, W], [H, W, C] or images [N, H, W, C], got {pixels.shape}")
    scaled = pixels.astype(np.float32) / (1.0 if pixels.dtype.kind == "f" else 255.0)
    if not (scaled.min() >= 0 and scaled.max() <= 1):
        raise DataError(f"{path}: expected bytes 0 ... 255 or floats in [0, 1]")
    return scaled

"""Reading files that may lie about themselves, and turning pixels into floats."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tfcaps.errors import DataError

MAX_BYTES = 1 << 32
"""No array of a file may be larger than this; the largest that people have, smallNORB, is a tenth of it."""

_CHUNK = 1 << 20
_IMAGES_AT_ONCE = 1024


def open_binary(path: Path) -> BinaryIO:
    """The file, unpacked while reading if its name ends in .gz."""
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def read_exactly(stream: BinaryIO, count: int, path: Path) -> bytes:
    """`count` bytes, in pieces, so that a header which promises more than there is costs no memory.

    Raises:
        DataError: If there are fewer, or the compressed stream is damaged.
    """
    data = bytearray()
    while len(data) < count:
        try:
            piece = stream.read(min(_CHUNK, count - len(data)))
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise DataError(f"{path}: damaged compressed file ({error}): fetch it again") from None
        if not piece:
            raise DataError(f"{path}: truncated, {len(data)} bytes where {count} were promised: fetch it again")
        data += piece
    return bytes(data)


def read_array(stream: BinaryIO, shape: tuple[int, ...], dtype: np.dtype, path: Path) -> np.ndarray:
    """The rest of `stream` as an array, which must be exactly that long.

    Raises:
        DataError: If the shape is absurd, or the file shorter or longer.
    """
    size = math.prod(shape) * dtype.itemsize
    if shape and shape[0] == 0:
        raise DataError(f"{path}: holds no examples, an array of shape {shape}")
    if min(shape, default=0) < 1 or size > MAX_BYTES:
        raise DataError(f"{path}: its header promises an array of shape {shape}, {size} bytes: not a file of this kind")
    array = np.frombuffer(read_exactly(stream, size, path), dtype).reshape(shape)
    try:
        more = stream.read(1)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: damaged compressed file ({error}): fetch it again") from None
    if more:
        raise DataError(f"{path}: longer than the {size} bytes that its header promises: fetch it again")
    return array


def to_images(
    pixels: np.ndarray, source: object, image_size: int | None = None, *, channels_first: bool = False
) -> np.ndarray:
    """Pixels as float32 [N, H, W, C] in [0, 1].

    Args:
        pixels: [N, H, W], [N, H, W, C] or, with `channels_first`, [N, C, H, W]; bytes (0 ... 255) or floats in [0, 1].
        source: File, for messages.
        image_size: Shrink to this height and width by averaging blocks; a divisor of both.
        channels_first: The order of the axes.

    Returns:
        The images, converted in pieces so that no second copy of a large set is made.

    Raises:
        DataError: For another rank, type or range, or an image size that does not divide the images.
    """
    if pixels.ndim == 3:
        pixels = pixels[..., None]
    if pixels.ndim != 4 or 0 in pixels.shape[1:]:
        raise DataError(f"{source}: expected images [N, H, W] or [N, H, W, C], got shape {pixels.shape}")
    if channels_first:
        pixels = pixels.transpose(0, 2, 3, 1)
    if pixels.dtype.kind not in "uif":
        raise DataError(f"{source}: expected images of numbers, got {pixels.dtype}")
    count, height, width, channels = pixels.shape
    if image_size is None:
        block_h = block_w = 1
    elif image_size < 1 or height % image_size or width % image_size:
        raise DataError(f"{source}: images of {height}x{width} cannot be averaged to {image_size}x{image_size}")
    else:
        block_h, block_w = height // image_size, width // image_size
    images = np.empty((count, height // block_h, width // block_w, channels), np.float32)
    scale, top = (1.0, 1.0) if pixels.dtype.kind == "f" else (255.0, 255)
    for start in range(0, count, _IMAGES_AT_ONCE):
        piece = pixels[start : start + _IMAGES_AT_ONCE]
        if not (piece.min() >= 0 and piece.max() <= top):  # also refuses NaN
            raise DataError(
                f"{source}: expected whole numbers 0 ... 255 or floats in [0, 1], got {piece.min()} ... {piece.max()}"
            )
        blocks = piece.reshape(len(piece), height // block_h, block_h, width // block_w, block_w, channels)
        images[start : start + len(piece)] = blocks.mean(axis=(2, 4), dtype=np.float32) / np.float32(scale)
    return images


def to_labels(labels: np.ndarray, source: object) -> np.ndarray:
    """Labels as int64 [N].

    Raises:
        DataError: If they are not whole numbers from 0, [N] or [N, 1].
    """
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or labels.dtype.kind not in "ui":
        raise DataError(f"{source}: expected integer labels [N], got {labels.dtype} {labels.shape}")
    if len(labels) and (labels.min() < 0 or labels.max() > np.iinfo(np.int32).max):
        raise DataError(f"{source}: expected labels from 0 on, got {labels.min()} ... {labels.max()}")
    return labels.astype(np.int64)


def split(
    x: np.ndarray, y: np.ndarray, test: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(x_train, y_train, x_test, y_test) by a fixed shuffle; the last `test` of it are the test part."""
    order = np.random.default_rng(seed).permutation(len(x))
    first, last = order[: len(x) - test], order[len(x) - test :]
    return x[first], y[first], x[last], y[last]

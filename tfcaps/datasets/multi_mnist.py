"""MultiMNIST: two overlapping digits in one image (Sabour et al. 2017, section 6).

for batch in multi_mnist(data.x_train, data.y_train, pairs_per_image=10, batch_size=128):
    model.train_on_batch(batch.x, batch.y)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tfcaps.errors import DataError

PAD = 4


@dataclass(frozen=True)
class MultiMnist:
    """One batch of pairs.

    Attributes:
        x: Merged images [B, H+8, W+8, C], float32 in [0, 1].
        y: Two-hot labels [B, J], float32.
        base: The first digit alone, at its place; the target of its reconstruction. Like `x`.
        top: The second digit alone, at its place. Like `x`.
        base_label: Its class, [B] int64.
        top_label: Its class, another one, [B] int64.
    """

    x: np.ndarray
    y: np.ndarray
    base: np.ndarray
    top: np.ndarray
    base_label: np.ndarray
    top_label: np.ndarray


def multi_mnist(
    x: np.ndarray,
    y: np.ndarray,
    *,
    shift: int = 4,
    pairs_per_image: int = 1,
    seed: int = 0,
    batch_size: int = 128,
    num_classes: int | None = None,
) -> Iterator[MultiMnist]:
    """Overlay every image with random images of other classes.

    Each image is padded by 4 on all sides and shifted by -shift ... shift pixels in both directions, independently;
    the second digit is drawn from all images of another class; the sum is cut off at 1.

    Args:
        x: Images [N, H, W, C], float32 in [0, 1]; 28x28 become 36x36. Give training or test images, never both.
        y: Their labels [N], integers.
        shift: Largest shift. The paper's text has 4; with more (the authors' code has 6 as an example) digits leave
            the image in part.
        pairs_per_image: How often each image is the base of a pair; the paper has 1000.
        seed: The same seed gives the same pairs.
        batch_size: Pairs in a batch; the last batch may be smaller.
        num_classes: Classes J of the labels; counted from `y` if left out.

    Yields:
        Batches, `N * pairs_per_image` pairs in all, in random order.

    Raises:
        DataError: If images and labels do not fit together, a size is not positive, or there is only one class.
    """
    x, y = np.asarray(x), np.asarray(y)
    if x.ndim != 4 or y.shape != x.shape[:1] or y.dtype.kind not in "ui":
        raise DataError(
            f"multi_mnist: expected images [N, H, W, C] and integer labels [N], got {x.shape} and {y.shape}"
        )
    if shift < 0 or pairs_per_image < 1 or batch_size < 1:
        raise DataError(
            f"multi_mnist: expected shift >= 0 and positive sizes, got {shift=}, {pairs_per_image=}, {batch_size=}"
        )
    if len(y) == 0 or y.min() < 0 or y.min() == y.max():
        raise DataError("multi_mnist: expected labels from 0 on, of at least two classes")
    if num_classes is None:
        num_classes = int(y.max()) + 1
    elif y.max() >= num_classes:
        raise DataError(f"multi_mnist: label {y.max()} outside 0 ... {num_classes - 1}")
    return _batches(x.astype(np.float32, copy=False), y, shift, pairs_per_image, seed, batch_size, num_classes)


def _batches(
    x: np.ndarray, y: np.ndarray, shift: int, pairs_per_image: int, seed: int, batch_size: int, num_classes: int
) -> Iterator[MultiMnist]:
    rng = np.random.default_rng(seed)
    by_class = np.argsort(y, kind="stable")
    count = np.bincount(y, minlength=num_classes)
    first = np.cumsum(count) - count
    for _ in range(pairs_per_image):
        order = rng.permutation(len(x))
        for start in range(0, len(x), batch_size):
            base_index = order[start : start + batch_size]
            own = y[base_index]
            # Uniform over the images sorted by class, with the block of the own class left out.
            rank = rng.integers(0, len(x) - count[own])
            top_index = by_class[np.where(rank >= first[own], rank + count[own], rank)]
            base, top = _place(x[base_index], shift, rng), _place(x[top_index], shift, rng)
            labels = np.zeros((len(own), num_classes), np.float32)
            rows = np.arange(len(own))
            labels[rows, own] = labels[rows, y[top_index]] = 1.0
            yield MultiMnist(
                np.minimum(base + top, 1.0), labels, base, top, own.astype(np.int64), y[top_index].astype(np.int64)
            )


def _place(images: np.ndarray, shift: int, rng: np.random.Generator) -> np.ndarray:
    """Each image padded by `PAD` and moved by its own shift; what leaves the frame is lost."""
    border = PAD + shift
    wide = np.pad(images, ((0, 0), (border, border), (border, border), (0, 0)))
    height, width = images.shape[1] + 2 * PAD, images.shape[2] + 2 * PAD
    moves = rng.integers(0, 2 * shift + 1, (len(images), 2))
    return np.stack([image[dy : dy + height, dx : dx + width] for image, (dy, dx) in zip(wide, moves, strict=True)])

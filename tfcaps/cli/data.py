"""The images a sub-command works on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tfcaps import datasets
from tfcaps.errors import DataError


@dataclass(frozen=True)
class DataChoice:
    """What --data, --data-dir and --image-size say."""

    data: str
    data_dir: Path | None
    image_size: int | None

    def load(self) -> datasets.Dataset:
        """The data set."""
        return datasets.load(self.data, data_dir=self.data_dir, image_size=self.image_size)


def check_fits(data: datasets.Dataset, input_shape: Sequence[int | None], classes: int | None = None) -> None:
    """Complain if a model takes other images, or tells fewer classes apart than there are.

    Args:
        data: The data set.
        input_shape: Of the model, (H, W, C) or with the batch before it; None in it fits anything.
        classes: Outputs of the model, if they are classes.

    Raises:
        DataError: If they do not fit.
    """
    wanted = tuple(input_shape)[-3:] if len(tuple(input_shape)) >= 3 else tuple(input_shape)
    if len(wanted) != 3 or any(w not in (None, n) for w, n in zip(wanted, data.input_shape, strict=True)):
        raise DataError(
            f"the model takes inputs of shape {wanted}, data set {data.name} has images of {data.input_shape}: choose "
            "other data or an --image-size"
        )
    if classes is not None and classes < data.num_classes:
        raise DataError(f"the model has {classes} classes, data set {data.name} has {data.num_classes}")

"""The images that pruning looks at, checked before anything long begins."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from tfcaps._keras import keras
from tfcaps.datasets import Dataset
from tfcaps.errors import DataError


def read_images(given: Any, model: Any, what: str) -> tuple[Any, Any] | None:
    """Images and labels of a user's argument.

    Args:
        given: (x, y), arrays, or lists of arrays for a model with several inputs or outputs; a
            `tfcaps.datasets.Dataset`, of which ``data`` takes the training and ``validation`` the test images; or None.
        model: The model that they are for.
        what: The argument's name: "data" or "validation".

    Returns:
        (x, y), or None.

    Raises:
        DataError: They do not fit the model or each other, there are none, or they hold something that is no number.
    """
    if given is None:
        return None
    if isinstance(given, Dataset):
        given = (given.x_train, given.y_train) if what == "data" else (given.x_test, given.y_test)
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise DataError(
            f"Expected {what} to be images and labels (x, y) or a tfcaps Dataset, got {type(given).__name__}"
        )
    x, y = given
    inputs, labels = _arrays(x, f"images of {what}"), _arrays(y, f"labels of {what}")
    if len(inputs) != len(model.inputs):
        raise DataError(f"{what}: expected {len(model.inputs)} arrays of images, got {len(inputs)}")
    lengths = {len(array) for array in (*inputs, *labels)}
    if len(lengths) != 1:
        raise DataError(f"{what}: expected as many labels as images, got {', '.join(map(str, sorted(lengths)))}")
    if lengths == {0}:
        raise DataError(f"{what}: holds no images")
    for array, tensor in zip(inputs, model.inputs, strict=True):
        wanted = tuple(tensor.shape)[1:]
        found = array.shape[1:]
        if len(found) != len(wanted) or any(w not in (None, n) for w, n in zip(wanted, found, strict=True)):
            raise DataError(f"{what}: the model takes inputs of shape {wanted}, got {found}")
        if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
            raise DataError(f"{what}: the images hold values that are not finite")
    if any(np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all() for array in labels):
        raise DataError(f"{what}: the labels hold values that are not finite")
    classes = tuple(model.outputs[0].shape)[-1]
    first = labels[0]
    if np.issubdtype(first.dtype, np.integer) and first.size == len(first) and len(model.outputs) == 1:
        low, high = int(first.min()), int(first.max())
        if low < 0 or (classes is not None and classes > 1 and high >= classes):
            raise DataError(f"{what}: the model tells {classes} classes apart, and the labels go from {low} to {high}")
    return x, y


def check_loss(model: Any, loss: Any, images: tuple[Any, Any]) -> None:
    """Compute the loss of two images, so that labels of another form are not found out about in training.

    Args:
        model: Stays as it is, and what it is compiled for too.
        loss: What Keras takes for one.
        images: From `read_images`.

    Raises:
        DataError: The loss is none, or the labels are not what it takes.
    """
    x, y = (tf.nest.map_structure(lambda array: np.asarray(array)[:2], part) for part in images)
    copy = keras.Model(model.input, model.output)
    try:
        copy.compile(loss=loss, run_eagerly=True)
        copy.test_on_batch(x, y)
    except Exception as error:
        shapes = ", ".join(str(list(array.shape)) for array in tf.nest.flatten(y))
        line = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise DataError(f"data: labels {shapes} do not fit the loss {_name(loss)} ({line})") from error


def _name(loss: Any) -> str:
    return repr(loss) if isinstance(loss, (str, int, float)) else getattr(loss, "name", None) or type(loss).__name__


def _arrays(value: Any, what: str) -> list[np.ndarray]:
    is_list = isinstance(value, (list, tuple)) and len(value) > 0 and hasattr(value[0], "shape")
    parts = list(value) if is_list else [value]
    try:
        found = [np.asarray(part) for part in parts]
    except Exception as error:
        raise DataError(f"Expected {what} to be arrays ({error})") from None
    if any(array.dtype.kind not in "biuf" or array.ndim == 0 for array in found):
        kinds = ", ".join(f"{list(array.shape)} of {array.dtype}" for array in found)
        raise DataError(f"Expected {what} to be arrays of numbers, got {type(value).__name__}: {kinds}")
    return found

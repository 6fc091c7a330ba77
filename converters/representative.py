"""Calibration data: in any of the forms people have it, out as float32 arrays by input name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tfcaps.errors import DataError


def gather(data: Any) -> Any:
    """Turn a generator (or function returning one) of per-step inputs into stacked arrays; pass anything else through.

    A step is what TensorFlow Lite's representative_dataset yields: a list, or a dict by name, of batches.

    Raises:
        DataError: If it yields nothing.
    """
    if callable(data):
        data = data()
    if isinstance(data, (np.ndarray, Mapping, list, tuple)) or hasattr(data, "__array__"):
        return data
    if not isinstance(data, Iterable):
        raise DataError(f"Expected representative_data to be arrays or a generator, got {type(data).__name__}")
    steps = list(data)
    if not steps:
        raise DataError("representative_data yields nothing")
    if isinstance(steps[0], Mapping):
        return {name: np.concatenate([np.asarray(step[name]) for step in steps]) for name in steps[0]}
    if isinstance(steps[0], (list, tuple)):
        return [np.concatenate([np.asarray(step[i]) for step in steps]) for i in range(len(steps[0]))]
    return np.concatenate([np.asarray(step) for step in steps])


def by_name(
    data: Any, names: tuple[str, ...], shapes: tuple[tuple[int, ...], ...], limit: int | None
) -> dict[str, np.ndarray]:
    """Arrange calibration data by input name and check it.

    Args:
        data: One array [N, ...] for a single input, a list of arrays in input order, or a dict of arrays by name.
        names: The model's inputs.
        shapes: Their shapes without the batch.
        limit: Use at most this many examples.

    Returns:
        Float32 arrays [N, ...] by name.

    Raises:
        DataError: For missing or unknown inputs, other shapes, unequal or zero counts, or values that are not finite.
    """
    if isinstance(data, Mapping):
        if set(data) != set(names):
            raise DataError(f"Expected representative data for inputs {list(names)}, got {list(data)}")
        arrays = {name: data[name] for name in names}
    else:
        listed = list(data) if isinstance(data, (list, tuple)) and len(names) > 1 else [data]
        if len(listed) == 1 and isinstance(data, (list, tuple)) and len(data) == 1:
            listed = list(data)
        if len(listed) != len(names):
            raise DataError(f"Expected representative data for {len(names)} inputs {list(names)}, got {len(listed)}")
        arrays = dict(zip(names, listed, strict=True))
    result = {}
    for (name, values), shape in zip(arrays.items(), shapes, strict=True):
        try:
            array = np.asarray(values, np.float32)[:limit]
        except (TypeError, ValueError) as error:
            raise DataError(f"representative data for input {name!r} is not an array of numbers: {error}") from None
        if array.ndim == 0 or array.shape[1:] != shape:
            wanted = ("N", *shape)
            raise DataError(f"Expected representative data for input {name!r} of shape {wanted}, got {array.shape}")
        if not np.isfinite(array).all():
            raise DataError(f"representative data for input {name!r} has values that are not finite")
        result[name] = array
    counts = {len(array) for array in result.values()}
    if len(counts) != 1 or counts == {0}:
        raise DataError(f"Expected the same number of examples for every input and at least one, got {sorted(counts)}")
    return result

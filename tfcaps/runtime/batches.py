"""Arrays in, arrays out: what running a model has in common, whatever runs it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfcaps.errors import TfcapsError
from tfcaps.runtime.tflite_file import TensorInfo, TfliteFile

Inputs = NDArray[Any] | Mapping[str, NDArray[Any]]
Outputs = NDArray[Any] | dict[str, NDArray[Any]]


def quantize(x: NDArray[Any], info: TensorInfo) -> NDArray[Any]:
    """`x` in the scale of a tensor, by TensorFlow Lite's rule: halves go away from zero, the rest is limited."""
    limits = np.iinfo(info.dtype)
    scaled = np.asarray(x, np.float32) / np.float32(info.scale)
    rounded = np.trunc(scaled.astype(np.float64) + np.copysign(0.5, scaled))
    return np.clip(rounded + info.zero_point, limits.min, limits.max).astype(info.dtype)


def dequantize(q: NDArray[Any], info: TensorInfo) -> NDArray[np.float32]:
    """The real values that the integers of a tensor stand for."""
    return (q.astype(np.float32) - np.float32(info.zero_point)) * np.float32(info.scale)


class BatchRunner(ABC):
    """Runs batches through a model: one input is an array, several are a dict by name, and so are the outputs."""

    def __init__(self, model: TfliteFile) -> None:
        self._model = model

    @property
    def inputs(self) -> tuple[TensorInfo, ...]:
        """What the model takes."""
        return self._model.input_infos

    @property
    def outputs(self) -> tuple[TensorInfo, ...]:
        """What the model gives."""
        return self._model.output_infos

    def __call__(self, x: Inputs) -> Outputs:
        """Runs a batch in float32.

        Args:
            x: An array [n, ...], or a dict of them by input name; quantised to the inputs' types.

        Returns:
            float32 [n, ...], or a dict of them by output name.

        Raises:
            TfcapsError: A shape, type or name is not what the model takes.
        """
        quantized = []
        for info, array in zip(self.inputs, self._by_input(x), strict=True):
            if array.dtype.kind not in "fiub" or not np.all(np.isfinite(array)):
                raise TfcapsError(f"Expected finite numbers for input {info.name!r}, got {array.dtype} {_worst(array)}")
            is_quantized = info.scale and info.dtype.kind in "iu"
            quantized.append(quantize(array, info) if is_quantized else array.astype(info.dtype))
        results = [
            dequantize(array, info) if info.scale else array.astype(np.float32)
            for info, array in zip(self.outputs, self._run(quantized), strict=True)
        ]
        return self._by_output(results)

    def invoke(self, x: Inputs) -> Outputs:
        """Runs a batch in the model's own types (int8): the bits a device computes.

        Raises:
            TfcapsError: A shape, type or name is not what the model takes.
        """
        return self._by_output(self._run(self._by_input_type(x)))

    @abstractmethod
    def _run(self, given: list[NDArray[Any]]) -> list[NDArray[Any]]:
        """The outputs, in the model's order, of inputs that are right in type and shape."""

    def _by_input_type(self, x: Inputs) -> list[NDArray[Any]]:
        """The arrays in the model's order, of the model's types."""
        given = self._by_input(x)
        for info, array in zip(self.inputs, given, strict=True):
            if array.dtype != info.dtype:
                raise TfcapsError(f"Expected {info.dtype} for input {info.name!r}, got {array.dtype}")
        return given

    def _by_input(self, x: Inputs) -> list[NDArray[Any]]:
        """The arrays in the model's order, of one batch size and the right shapes."""
        names = [info.name for info in self.inputs]
        if isinstance(x, Mapping):
            if set(x) != set(names):
                raise TfcapsError(f"Expected inputs named {', '.join(names)}, got {', '.join(map(str, x)) or 'none'}")
            given = [np.asarray(x[name]) for name in names]
        elif len(names) == 1:
            given = [np.asarray(x)]
        else:
            raise TfcapsError(f"Expected a dict of the inputs {', '.join(names)}, got one array")
        for info, array in zip(self.inputs, given, strict=True):
            if info.shape[:1] != (1,):
                raise TfcapsError(f"Expected a model for a batch of one, got input {info.name!r} of {list(info.shape)}")
            if array.ndim != len(info.shape) or array.shape[1:] != info.shape[1:]:
                expected = ", ".join(["n", *map(str, info.shape[1:])])
                raise TfcapsError(f"Expected shape [{expected}] for input {info.name!r}, got {list(array.shape)}")
        if len({len(array) for array in given}) != 1:
            sizes = ", ".join(str(len(array)) for array in given)
            raise TfcapsError(f"Expected inputs of one batch size, got {sizes}")
        return given

    def _by_output(self, results: list[NDArray[Any]]) -> Outputs:
        if len(results) == 1:
            return results[0]
        return {info.name: array for info, array in zip(self.outputs, results, strict=True)}


def _worst(array: NDArray[Any]) -> str:
    return "with nan or inf" if array.dtype.kind == "f" else "values"

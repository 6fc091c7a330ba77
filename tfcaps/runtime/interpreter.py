"""Runs an int8 .tflite with capsule operators on the host."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfcaps.errors import TfcapsError
from tfcaps.runtime.capsule_ops import check_capsule_op
from tfcaps.runtime.litert import LitertBackend
from tfcaps.runtime.tflite_file import TensorInfo, read_tflite
from tfcaps.runtime.tflm import TflmBackend

Arrays = NDArray[Any] | dict[str, NDArray[Any]]


def quantize(x: NDArray[Any], info: TensorInfo) -> NDArray[Any]:
    """`x` in the scale of a tensor, by TensorFlow Lite's rule: halves go away from zero, the rest is limited."""
    limits = np.iinfo(info.dtype)
    scaled = np.asarray(x, np.float32) / np.float32(info.scale)
    rounded = np.trunc(scaled.astype(np.float64) + np.copysign(0.5, scaled))
    return np.clip(rounded + info.zero_point, limits.min, limits.max).astype(info.dtype)


def dequantize(q: NDArray[Any], info: TensorInfo) -> NDArray[np.float32]:
    """The real values that the integers of a tensor stand for."""
    return (q.astype(np.float32) - np.float32(info.zero_point)) * np.float32(info.scale)


class Interpreter:
    """A model in a host runtime, batches in and out.

        interpreter = Interpreter("model.tflite", backend="tflm")
        lengths = interpreter(images)          # float32 [n, 28, 28, 1] -> float32 [n, 10]
        integers = interpreter.invoke(int8_images)

    Models hold a batch of one; a batch of n is n runs. One input is given as an array, several as a dict by name; one
    output comes back as an array, several as a dict.

    Args:
        model: The bytes of a .tflite, or its path.
        backend: "litert" or "tflm" (TFLite Micro).
        kernels: "reference" or "optimized"; LiteRT only.
        arena_size: Bytes of arena, TFLite Micro only; None for plenty.
        preserve_all_tensors: Keeps intermediate tensors for `tensor`; LiteRT only.

    Raises:
        FileFormatError: The model is damaged, or not one that the runtime can run.
        RuntimeUnavailableError: The runtime is not installed, or of a version we do not know.
        TfcapsError: An argument is not what was expected.
    """

    def __init__(
        self,
        model: bytes | bytearray | str | os.PathLike[str],
        backend: str = "litert",
        *,
        kernels: str = "reference",
        arena_size: int | None = None,
        preserve_all_tensors: bool = False,
    ) -> None:
        if backend not in ("litert", "tflm"):
            raise TfcapsError(f"Expected backend to be 'litert' or 'tflm', got {backend!r}")
        if backend == "tflm" and (preserve_all_tensors or kernels != "reference"):
            raise TfcapsError("Expected kernels and preserve_all_tensors with backend='litert' only, got 'tflm'")
        if backend == "litert" and arena_size is not None:
            raise TfcapsError("Expected arena_size with backend='tflm' only, got 'litert'")
        self._model = read_tflite(model)
        for op in self._model.operators:  # scales too, which TFLite Micro does not show to its kernels
            check_capsule_op(op, self._model.tensors)
        self._backend: LitertBackend | TflmBackend
        if backend == "litert":
            self._backend = LitertBackend(self._model, kernels=kernels, preserve_all_tensors=preserve_all_tensors)
        else:
            self._backend = TflmBackend(self._model, arena_size=arena_size)


    @property
    def inputs(self) -> tuple[TensorInfo, ...]:
        """What the model takes."""
        return self._model.input_infos

    @property
    def outputs(self) -> tuple[TensorInfo, ...]:
        """What the model gives."""
        return self._model.output_infos

    @property
    def arena_used_bytes(self) -> int:
        """What the model takes of TFLite Micro's arena.

        Raises:
            TfcapsError: The back end is another one.
        """
        if not isinstance(self._backend, TflmBackend):
            raise TfcapsError("Expected backend='tflm' of an Interpreter whose arena is asked for, got 'litert'")
        return self._backend.arena_used_bytes

    def __call__(self, x: NDArray[Any] | Mapping[str, NDArray[Any]]) -> Arrays:
        """Runs a batch in float32.

        Args:
            x: An array [n, ...], or a dict of them by input name; quantised to the inputs' types.

        Returns:
            float32 [n, ...], or a dict of them by output name.

        Raises:
            TfcapsError: A shape or name is not what the model takes.
        """
        given = self._by_input(x)
        for info, array in zip(self.inputs, given, strict=True):
            if array.dtype.kind not in "fiub":
                raise TfcapsError(f"Expected numbers for input {info.name!r}, got {array.dtype}")
        quantized = [
            quantize(array, info) if info.scale and info.dtype.kind in "iu" else array.astype(info.dtype)
            for info, array in zip(self.inputs, given, strict=True)
        ]
        results = [
            dequantize(array, info) if info.scale else array.astype(np.float32)
            for info, array in zip(self.outputs, self._run(quantized), strict=True)
        ]
        return self._by_output(results)

    def invoke(self, x: NDArray[Any] | Mapping[str, NDArray[Any]]) -> Arrays:
        """Runs a batch in the model's own types (int8): the bits a device computes.

        Raises:
            TfcapsError: A shape, type or name is not what the model takes.
        """
        given = self._by_input(x)
        for info, array in zip(self.inputs, given, strict=True):
            if array.dtype != info.dtype:
                raise TfcapsError(f"Expected {info.dtype} for input {info.name!r}, got {array.dtype}")
        return self._by_output(self._run(given))

    def tensor(self, index: int) -> NDArray[Any]:
        """The value of tensor `index` after the last run; LiteRT with `preserve_all_tensors` only.

        Raises:
            TfcapsError: Another back end, or no such tensor.
        """
        if not isinstance(self._backend, LitertBackend):
            raise TfcapsError("Expected backend='litert' of an Interpreter whose tensors are read, got 'tflm'")
        return self._backend.tensor(index)

    def _by_input(self, x: NDArray[Any] | Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
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
            if array.shape[1:] != info.shape[1:] or array.ndim != len(info.shape) or info.shape[:1] != (1,):
                expected = ", ".join(["n", *map(str, info.shape[1:])])
                raise TfcapsError(f"Expected shape [{expected}] for input {info.name!r}, got {list(array.shape)}")
        if len({len(array) for array in given}) != 1:
            sizes = ", ".join(str(len(array)) for array in given)
            raise TfcapsError(f"Expected inputs of one batch size, got {sizes}")
        return given

    def _run(self, given: list[NDArray[Any]]) -> list[NDArray[Any]]:
        """Example by example, outputs stacked along their first dimension."""
        results = [np.empty((len(given[0]), *info.shape[1:]), info.dtype) for info in self.outputs]
        for n in range(len(given[0])):
            outputs = self._backend.run([np.ascontiguousarray(array[n : n + 1]) for array in given])
            for result, output in zip(results, outputs, strict=True):
                result[n] = output.reshape(result.shape[1:])
        return results

    def _by_output(self, results: list[NDArray[Any]]) -> Arrays:
        if len(results) == 1:
            return results[0]
        return {info.name: array for info, array in zip(self.outputs, results, strict=True)}

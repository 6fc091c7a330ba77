"""Runs an int8 .tflite with capsule operators on the host."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfcaps.errors import TfcapsError
from tfcaps.quantization.simulator.contract import check_capsule_op
from tfcaps.runtime.batches import BatchRunner
from tfcaps.runtime.litert import LitertBackend
from tfcaps.runtime.shape_check import check_builtin_op
from tfcaps.runtime.tflite_file import read_tflite
from tfcaps.runtime.tflm import TflmBackend


class Interpreter(BatchRunner):
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
        super().__init__(read_tflite(model))
        for op in self._model.operators:  # scales too, which TFLite Micro does not show to its kernels
            check_capsule_op(op, self._model.tensors)
            check_builtin_op(op, self._model.tensors)
        self._backend: LitertBackend | TflmBackend
        if backend == "litert":
            self._backend = LitertBackend(self._model, kernels=kernels, preserve_all_tensors=preserve_all_tensors)
        else:
            self._backend = TflmBackend(self._model, arena_size=arena_size)

    @property
    def arena_used_bytes(self) -> int:
        """What the model takes of TFLite Micro's arena.

        Raises:
            TfcapsError: The back end is another one.
        """
        if not isinstance(self._backend, TflmBackend):
            raise TfcapsError("Expected backend='tflm' of an Interpreter whose arena is asked for, got 'litert'")
        return self._backend.arena_used_bytes

    def tensor(self, index: int) -> NDArray[Any]:
        """The value of tensor `index` after the last run; LiteRT with `preserve_all_tensors` only.

        Raises:
            TfcapsError: Another back end, or no such tensor.
        """
        if not isinstance(self._backend, LitertBackend):
            raise TfcapsError("Expected backend='litert' of an Interpreter whose tensors are read, got 'tflm'")
        return self._backend.tensor(index)

    def _run(self, given: list[NDArray[Any]]) -> list[NDArray[Any]]:
        """Example by example, outputs stacked along their first dimension."""
        results = [np.empty((len(given[0]), *info.shape[1:]), info.dtype) for info in self.outputs]
        for n in range(len(given[0])):
            outputs = self._backend.run([np.ascontiguousarray(array[n : n + 1]) for array in given])
            for result, output in zip(results, outputs, strict=True):
                result[n] = output.reshape(result.shape[1:])
        return results

"""TFLite Micro on the host, with the capsule operators registered."""

from __future__ import annotations

import ctypes
import functools
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfcaps.errors import FileFormatError, RuntimeUnavailableError, TfcapsError
from tfcaps.micro import library_path
from tfcaps.runtime.tflite_file import TfliteFile

_TOTAL = re.compile(r"Arena allocation total (\d+) bytes")


@functools.cache
def _library() -> ctypes.CDLL:
    """The operators, loaded once and visible to the runtime, which looks the registerer up by name."""
    library = ctypes.CDLL(str(library_path("tfcaps_tflm")), mode=ctypes.RTLD_GLOBAL)
    library.TfcapsLastError.restype = ctypes.c_char_p
    return library


def _load_module() -> Any:
    try:
        from tflite_micro.python.tflite_micro import runtime
    except ImportError:
        raise RuntimeUnavailableError("TFLite Micro is not installed: run `pip install tflite-micro`") from None
    return runtime


@contextmanager
def _captured_stderr() -> Iterator[Any]:
    """What C code writes to stderr meanwhile; the file holds it afterwards."""
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            yield file
        finally:
            os.dup2(saved, 2)
            os.close(saved)


def _text(file: Any) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")


class TflmBackend:
    """One model in one TFLite Micro interpreter, batch 1, with an arena of its own.

    Args:
        model: The checked model.
        arena_size: Bytes of arena; None for more than any model of this size needs.

    Attributes:
        arena_used_bytes: What the model takes of the arena, as the runtime's recording allocator counts it on this
            machine, whose pointers have 8 bytes. Up to 15 of it are padding when `arena_size` is no multiple of 16.
    """

    def __init__(self, model: TfliteFile, *, arena_size: int | None = None) -> None:
        if arena_size is not None and not 1 <= arena_size < 2**31:
            raise TfcapsError(f"Expected an arena_size in 1 ... {2**31 - 1} bytes, got {arena_size}")
        self._model = model  # the interpreter reads constants where they are
        self._interpreter = self._make(_generous_arena(model))
        self.arena_used_bytes = self._used()
        if arena_size is not None:  # the runtime itself may crash in an arena much too small: never let it try
            if arena_size < self.arena_used_bytes:
                raise _too_small(arena_size, self.arena_used_bytes)
            self._interpreter = self._make(arena_size)
            self.arena_used_bytes = self._used()

    def _make(self, size: int) -> Any:
        """An interpreter with that much arena."""
        module, library = _load_module(), _library()
        library.TfcapsClearError()
        with _captured_stderr() as log:
            try:
                interpreter = module.Interpreter.from_bytes(
                    self._model.data, custom_op_registerers=["TfcapsRegisterOps"], arena_size=size
                )
                failure = None
            except (RuntimeError, ValueError) as error:
                failure = error
            said = _text(log)
        if failure is not None:
            raise _explain(library.TfcapsLastError().decode(), said, failure, size, self._model)
        return interpreter

    def _used(self) -> int:
        """The recording allocator's total, which the wheel only prints."""
        with _captured_stderr() as log:
            self._interpreter.print_allocations()
            said = _text(log)
        match = _TOTAL.search(said)
        if match is None:
            raise RuntimeUnavailableError("TFLite Micro: this version of tflite-micro reports no arena size")
        return int(match[1])

    def run(self, inputs: list[NDArray[Any]]) -> list[NDArray[Any]]:
        """One inference: arrays in the shapes and types of the model's inputs, in order, and its outputs back."""
        for number, array in enumerate(inputs):
            self._interpreter.set_input(array, number)
        try:
            self._interpreter.invoke()
        except (ValueError, RuntimeError) as error:
            said = _library().TfcapsLastError().decode() or " ".join(str(error).split())
            raise FileFormatError(f"TFLite Micro cannot run the model: {said}") from None
        return [np.array(self._interpreter.get_output(number)) for number in range(len(self._model.outputs))]


def _generous_arena(model: TfliteFile) -> int:
    """Every tensor at once, and a thousand bytes of bookkeeping for each."""
    tensors = sum(int(np.prod(tensor.shape)) * tensor.dtype.itemsize for tensor in model.tensors if tensor.data is None)
    bookkeeping = 1024 * (len(model.tensors) + len(model.operators)) + 2**17
    size = 2 * tensors + bookkeeping + len(model.data)
    return min(2**31 - 16, size // 16 * 16)  # aligned at its end too, so that what is used depends on the model alone


def _too_small(size: int, used: int | None = None) -> TfcapsError:
    expected = "a larger arena_size" if used is None else f"an arena_size of more than {used} bytes"
    return TfcapsError(f"Expected {expected} for this model, got {size} bytes")


def _explain(ours: str, said: str, failure: Exception, size: int, model: TfliteFile) -> TfcapsError:
    """The reason of a failure in one line: from the operators if they have one, else from the runtime's log."""
    if "does not know this version" in ours:
        return RuntimeUnavailableError(ours)
    if ours and "arena is too small" not in ours:
        return FileFormatError(f"TFLite Micro cannot run the model: {ours}")
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if ours or any("Failed to resize buffer" in line or "arena" in line.lower() for line in lines):
        return _too_small(size)
    reason = "; ".join(lines[:3]) or " ".join(str(failure).split())
    if "Failed to get registration" in reason:  # the runtime does not say of what
        reason += f" (the model's operators: {', '.join(sorted({op.name for op in model.operators}))})"
    return FileFormatError(f"TFLite Micro cannot run the model: {reason}")

"""LiteRT, tf.lite or tflite-runtime, with the capsule operators as a delegate."""

from __future__ import annotations

import ctypes
import importlib
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfcaps.errors import FileFormatError, RuntimeUnavailableError, TfcapsError
from tfcaps.micro import library_path
from tfcaps.runtime.tflite_file import TfliteFile

# Package, module with the interpreter, the major versions whose delegate interface is the one in litert_abi.h.
_PACKAGES = (
    ("ai_edge_litert", "ai_edge_litert.interpreter", (1, 2)),
    ("tflite_runtime", "tflite_runtime.interpreter", (2,)),
    ("tensorflow", "tensorflow.lite.python.interpreter", (2,)),
)


def load_module() -> Any:
    """The interpreter module of the first installed runtime.

    Raises:
        RuntimeUnavailableError: None is installed, or the one that is has an interface we do not know.
    """
    for package, module, majors in _PACKAGES:
        try:
            version = str(getattr(importlib.import_module(package), "__version__", ""))
            loaded = importlib.import_module(module)
        except ImportError:
            continue
        match = re.match(r"\d+", version)
        if match is None or int(match[0]) not in majors:
            known = " or ".join(map(str, majors))
            raise RuntimeUnavailableError(f"{package} {version or 'of unknown version'}: expected version {known}")
        return loaded
    raise RuntimeUnavailableError("no LiteRT interpreter is installed: run `pip install ai-edge-litert`")


class LitertBackend:
    """One model in one LiteRT interpreter, batch 1.

    Args:
        model: The checked model.
        kernels: "reference" for the runtime's reference kernels, "optimized" for its default (XNNPACK and others, which
            differ from the reference by one now and then).
        preserve_all_tensors: Keeps every intermediate tensor for `tensor`.
    """

    def __init__(self, model: TfliteFile, *, kernels: str = "reference", preserve_all_tensors: bool = False) -> None:
        module = load_module()
        resolvers = {
            "reference": module.OpResolverType.BUILTIN_REF,
            "optimized": module.OpResolverType.BUILTIN if preserve_all_tensors else module.OpResolverType.AUTO,
        }
        if kernels not in resolvers:
            raise TfcapsError(f"Expected kernels to be 'reference' or 'optimized', got {kernels!r}")
        path = library_path("tfcaps_litert")
        operators = ctypes.CDLL(str(path))  # the delegate's own words are clearer than what the runtime makes of them
        operators.TfcapsLastError.restype = ctypes.c_char_p
        operators.TfcapsClearError()
        try:
            delegate = module.load_delegate(str(path))
        except (ValueError, OSError, RuntimeError) as error:
            raise RuntimeUnavailableError(f"LiteRT cannot load {path.name}: {_one_line(error)}") from None
        self._model = model  # the interpreter reads constants where they are
        try:
            self._interpreter = module.Interpreter(
                model_content=model.data,
                experimental_delegates=[delegate],
                experimental_op_resolver_type=resolvers[kernels],
                experimental_preserve_all_tensors=preserve_all_tensors,
                num_threads=1,
            )
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            said = operators.TfcapsLastError().decode() or _one_line(error)
            raise FileFormatError(f"LiteRT cannot run the model: {said}") from None
        self._preserves = preserve_all_tensors

    def run(self, inputs: list[NDArray[Any]]) -> list[NDArray[Any]]:
        """One inference: arrays in the shapes and types of the model's inputs, in order, and its outputs back."""
        for index, array in zip(self._model.inputs, inputs, strict=True):
            self._interpreter.set_tensor(index, array)
        try:
            self._interpreter.invoke()
        except (ValueError, RuntimeError) as error:
            raise FileFormatError(f"LiteRT cannot run the model: {_one_line(error)}") from None
        return [self._interpreter.get_tensor(index) for index in self._model.outputs]

    def tensor(self, index: int) -> NDArray[Any]:
        """The value of a tensor after the last inference.

        Raises:
            TfcapsError: There is no such tensor, or the interpreter was made without `preserve_all_tensors`.
        """
        if not self._preserves:
            raise TfcapsError("Expected preserve_all_tensors=True of an Interpreter whose tensors are read, got False")
        if not 0 <= index < len(self._model.tensors):
            raise TfcapsError(f"Expected a tensor index in 0 ... {len(self._model.tensors) - 1}, got {index}")
        return np.array(self._interpreter.get_tensor(index))


def _one_line(error: Exception) -> str:
    """What a runtime says, without line ends and C++ file names."""
    text = re.sub(r"\S+\.cc:\d+\s*", "", str(error))
    return " ".join(text.split()) or type(error).__name__

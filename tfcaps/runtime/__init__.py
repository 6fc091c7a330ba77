"""Int8 models on the host: LiteRT and TFLite Micro, with the very kernels a device runs.

from tfcaps.runtime import Interpreter

Interpreter("model.tflite", backend="tflm")(images)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfcaps.runtime.interpreter import Interpreter as Interpreter
    from tfcaps.runtime.tflite_file import TensorInfo as TensorInfo

_HOME = {"Interpreter": "interpreter", "TensorInfo": "tflite_file"}
__all__ = ["Interpreter", "TensorInfo"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

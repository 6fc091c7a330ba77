"""Converters: a Keras model to an int8 .tflite with capsule operators, and that to C.

data = tfcaps.converters.to_tflite(model, representative_data=x_train[:200])
open("model.tflite", "wb").write(data)
tfcaps.converters.to_c(data, "out", name="digits")
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfcaps.converters.c import to_c
    from tfcaps.converters.keras_to_tflite import to_tflite

__all__ = ["to_c", "to_tflite"]

# TensorFlow is imported when a Keras model is converted; C needs none.
_WHERE = {"to_c": "tfcaps.converters.c", "to_tflite": "tfcaps.converters.keras_to_tflite"}


def __getattr__(name: str) -> Any:
    """The function of that name, imported when it is asked for."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)

"""Capsule networks and model compression that really run on microcontrollers.

Sub-modules load on first use, so that ``import tfcaps`` costs nothing and the command line's ``--help`` needs no
TensorFlow:

    tfcaps.layers, tfcaps.routing, tfcaps.models, tfcaps.losses, tfcaps.datasets     build and train
    tfcaps.pruning, tfcaps.quantization                                              compress
    tfcaps.converters                                                                to .tflite
    tfcaps.runtime                                                                   run it on the host
    tfcaps.micro                                                                     the C sources

``keras.models.load_model`` knows the layers once ``tfcaps.layers`` has been imported.
"""

from __future__ import annotations

import importlib
from types import ModuleType

__version__ = "0.1.0"

_SUBMODULES = (
    "cli",
    "converters",
    "datasets",
    "errors",
    "layers",
    "losses",
    "metrics",
    "micro",
    "models",
    "pruning",
    "quantization",
    "routing",
    "runtime",
    "weights",
)
__all__ = ["__version__", *_SUBMODULES]


def __getattr__(name: str) -> ModuleType:
    if name in _SUBMODULES:
        return importlib.import_module(f"tfcaps.{name}")
    raise AttributeError(f"module 'tfcaps' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

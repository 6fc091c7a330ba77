"""Quantisation: the range of a pre-squash tensor, quantisation-aware training, and the integer simulator.

    tfcaps.quantization.squash_clip(values)       NumPy only
    tfcaps.quantization.simulator                 NumPy only: the integer specification

Names load on first use, so that the NumPy parts need neither TensorFlow nor tfmot.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfcaps.quantization.calibration import squash_clip as squash_clip

_HOME = {"squash_clip": "calibration"}
_SUBMODULES = ("calibration", "simulator")
__all__ = [*_HOME, *_SUBMODULES]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

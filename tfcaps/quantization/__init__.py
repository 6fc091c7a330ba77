"""Quantisation: training for it, the ranges, and the integer simulator.

    quantized = tfcaps.quantization.quantize_model(model)         # a copy with fake quantisers, through tfmot
    quantized.compile("adam", loss)
    quantized.fit(x, y)
    tfcaps.quantization.ranges(quantized)                         # what its 8-bit codes stand for
    tfcaps.quantization.squash_clip(values)                       # NumPy only: the range in front of a squash
    tfcaps.quantization.simulator                                 # NumPy only: the integer specification

Training needs tf_keras: run with TF_USE_LEGACY_KERAS=1. Names load on first use, so that the NumPy parts need neither
TensorFlow nor tfmot.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfcaps.quantization.calibration import squash_clip as squash_clip
    from tfcaps.quantization.qat import calibrate as calibrate
    from tfcaps.quantization.qat import load_model as load_model
    from tfcaps.quantization.qat import quantize_model as quantize_model
    from tfcaps.quantization.report import TensorRange as TensorRange
    from tfcaps.quantization.report import ranges as ranges

_HOME = {
    "TensorRange": "report",
    "calibrate": "qat",
    "load_model": "qat",
    "quantize_model": "qat",
    "ranges": "report",
    "squash_clip": "calibration",
}
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

"""The ranges that a quantised model has learned, as plain values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class TensorRange:
    """What the 8-bit codes of one tensor stand for.

    Attributes:
        layer: Name of the layer in the model that was quantised.
        tensor: ``"input"`` of the model, ``"output"`` of the layer, ``"before activation"``, or the name of a weight.
        low: Smallest value; an array for a weight with a scale for each channel.
        high: Largest value.
        fixed: The range is given by the scheme, not by data.
        calibrated: The range has seen data; always true of weights and fixed ranges.
    """

    layer: str
    tensor: str
    low: np.ndarray
    high: np.ndarray
    fixed: bool = False
    calibrated: bool = True

    @property
    def scale(self) -> np.ndarray:
        """One step of the codes."""
        steps = 255 if self.tensor in ("input", "output", "before activation") else 254
        return (self.high - self.low) / steps


def ranges(model: Any) -> tuple[TensorRange, ...]:
    """The ranges of all fake-quantised tensors of a model from `quantize_model`, in the order of its layers."""
    return tuple(found for layer in model.layers for found in _ranges(layer))


def moving_ranges(layer: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """(tensor, its variables) of the ranges of one quantised layer that follow the data."""
    for activation in getattr(layer, "_quantize_activations", ()):
        for tensor, attribute in (("before activation", "_pre_activation_vars"), ("output", "_post_activation_vars")):
            if hasattr(activation, attribute):
                yield tensor, getattr(activation, attribute)
    if getattr(layer, "_output_quantizers", ()) and layer._output_quantizer_vars:
        yield "output", layer._output_quantizer_vars


def _ranges(layer: Any) -> Iterator[TensorRange]:
    if type(layer).__name__ == "QuantizeLayer" and layer.quantizer is not None:
        source = layer.inbound_nodes[0].inbound_layers
        yield _moving(source.name, "input", layer.quantizer_vars, unset=(0.0, 0.0))
    if not hasattr(layer, "quantize_config"):
        return
    name = layer.layer.name
    for weight, _, variables in layer._weight_vars:
        yield TensorRange(name, _base(weight), variables["min_var"].numpy(), variables["max_var"].numpy())
    for tensor, variables in moving_ranges(layer):
        yield _moving(name, tensor, variables)
    if layer._output_quantizers and not layer._output_quantizer_vars:
        fixed = layer._output_quantizers[0]
        yield TensorRange(name, "output", np.asarray(fixed.init_min), np.asarray(fixed.init_max), fixed=True)


def _moving(
    layer: str, tensor: str, variables: dict[str, Any], unset: tuple[float, float] = (-6.0, 6.0)
) -> TensorRange:
    low, high = variables["min_var"].numpy(), variables["max_var"].numpy()
    return TensorRange(layer, tensor, low, high, calibrated=(float(low), float(high)) != unset)


def _base(variable: Any) -> str:
    return variable.name.split("/")[-1].split(":")[0]

"""Which tensors of a layer are fake-quantised, and how: tfmot's QuantizeConfigs of our scheme.

CapsuleDense     kernel per column, routing in the kernel's fixed point, output fixed
Squash, CapsuleLength                                               output fixed
everything else  what tfmot quantises, with our quantisers
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfcaps import _tfmot
from tfcaps._keras import keras
from tfcaps.quantization import fixed_point

_tfmot.require("quantisation")
from tensorflow_model_optimization.python.core.quantization.keras.quantize_config import QuantizeConfig  # noqa: E402
from tensorflow_model_optimization.python.core.quantization.keras.quantizers import FixedQuantizer  # noqa: E402

from tfcaps.quantization.quantizers import ActivationQuantizer, PreSquashQuantizer, WeightQuantizer  # noqa: E402

POSE_RANGE = (-1.0, 127 / 128)  # scale 1/128, zero point 0
LENGTH_RANGE = (0.0, 255 / 256)  # scale 1/256, zero point -128


@keras.saving.register_keras_serializable("tfcaps")
class LayerConfig(QuantizeConfig):
    """Weights and activations by attribute names, and the output.

    Args:
        weight_attrs: Attributes of the layer that hold the weights to quantise.
        activation_attrs: Attributes that hold activation functions, whose results are quantised.
        quantize_output: Quantise the layer's output.
        per_channel: Weights have a scale for each index of the last axis.
        preserve_sparsity: Zero weights stay zero.
        pre_squash_dim: The layer's result goes into a squash as capsules of this dimension; 0 if it does not.
    """

    def __init__(
        self,
        weight_attrs: Sequence[str] = (),
        activation_attrs: Sequence[str] = (),
        quantize_output: bool = False,
        per_channel: bool = False,
        preserve_sparsity: bool = True,
        pre_squash_dim: int = 0,
    ) -> None:
        self.weight_attrs = list(weight_attrs)
        self.activation_attrs = list(activation_attrs)
        self.quantize_output = quantize_output
        self.per_channel = per_channel
        self.preserve_sparsity = preserve_sparsity
        self.pre_squash_dim = pre_squash_dim

    def get_weights_and_quantizers(self, layer: Any) -> list[tuple[Any, Any]]:
        """See tfmot."""
        quantizer = WeightQuantizer(self.per_channel, self.preserve_sparsity)
        return [(getattr(layer, name), quantizer) for name in self.weight_attrs]

    def get_activations_and_quantizers(self, layer: Any) -> list[tuple[Any, Any]]:
        """See tfmot."""
        return [(getattr(layer, name), self._activation()) for name in self.activation_attrs]

    def get_output_quantizers(self, layer: Any) -> list[Any]:
        """See tfmot."""
        return [self._activation()] if self.quantize_output else []

    def set_quantize_weights(self, layer: Any, quantize_weights: Sequence[Any]) -> None:
        """See tfmot."""
        for name, weight in zip(self.weight_attrs, quantize_weights, strict=True):
            setattr(layer, name, weight)

    def set_quantize_activations(self, layer: Any, quantize_activations: Sequence[Any]) -> None:
        """See tfmot."""
        for name, activation in zip(self.activation_attrs, quantize_activations, strict=True):
            setattr(layer, name, activation)

    def _activation(self) -> ActivationQuantizer:
        return PreSquashQuantizer(self.pre_squash_dim) if self.pre_squash_dim else ActivationQuantizer()

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "weight_attrs": self.weight_attrs,
            "activation_attrs": self.activation_attrs,
            "quantize_output": self.quantize_output,
            "per_channel": self.per_channel,
            "preserve_sparsity": self.preserve_sparsity,
            "pre_squash_dim": self.pre_squash_dim,
        }


@keras.saving.register_keras_serializable("tfcaps")
class FixedOutputConfig(LayerConfig):
    """Only the output, 8 bits, of a range that is known beforehand."""

    def __init__(self, low: float, high: float) -> None:
        super().__init__(quantize_output=True)
        self.low = low
        self.high = high

    def get_output_quantizers(self, layer: Any) -> list[Any]:
        """See tfmot."""
        return [FixedQuantizer(num_bits=8, init_min=self.low, init_max=self.high, narrow_range=False)]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"low": self.low, "high": self.high}


@keras.saving.register_keras_serializable("tfcaps")
class CapsuleDenseConfig(FixedOutputConfig):
    """The kernel with a scale for each column (j, d), the routing's inner tensors in fixed point, and the output."""

    def __init__(self, preserve_sparsity: bool = True) -> None:
        super().__init__(*POSE_RANGE)
        self.weight_attrs = ["kernel"]
        self.per_channel = True
        self.preserve_sparsity = preserve_sparsity

    def set_quantize_activations(self, layer: Any, quantize_activations: Sequence[Any]) -> None:
        """Put the fixed point into the taps; it holds no variables, so tfmot need not know."""
        layer.tap_logits = fixed_point.logits
        layer.tap_couplings = fixed_point.couplings
        layer.tap_sums = fixed_point.sums
        layer.tap_poses = fixed_point.poses

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"preserve_sparsity": self.preserve_sparsity}

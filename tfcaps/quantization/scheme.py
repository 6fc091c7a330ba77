"""tfmot's default 8-bit scheme with capsules in it and with our quantisers.

tfmot asks the registry for a layer's config, except where its layout transforms chose one: those see to it that
nothing is quantised between a convolution and the batch normalisation or ReLU that is fused into it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tfcaps import _tfmot
from tfcaps._keras import keras
from tfcaps.errors import ModelError
from tfcaps.layers import CapsuleDense, CapsuleLength, CapsuleMask, CapsuleSelect, Squash

_tfmot.require("quantisation")
from tensorflow_model_optimization.python.core.quantization.keras.default_8bit import (  # noqa: E402
    default_8bit_quantize_configs as tfmot_outputs,
)
from tensorflow_model_optimization.python.core.quantization.keras.default_8bit import (  # noqa: E402
    default_8bit_quantize_layout_transform as tfmot_layout,
)
from tensorflow_model_optimization.python.core.quantization.keras.default_8bit import (  # noqa: E402
    default_8bit_quantize_registry as tfmot_registry,
)
from tensorflow_model_optimization.python.core.quantization.keras.quantize_scheme import QuantizeScheme  # noqa: E402

from tfcaps.quantization.configs import (  # noqa: E402
    LENGTH_RANGE,
    POSE_RANGE,
    CapsuleDenseConfig,
    FixedOutputConfig,
    LayerConfig,
)

# Capsule layers; the argument says whether zero weights are to stay zero.
CAPSULE_CONFIGS: dict[type, Callable[[bool], Any]] = {
    CapsuleDense: CapsuleDenseConfig,
    Squash: lambda _: FixedOutputConfig(*POSE_RANGE),
    CapsuleLength: lambda _: FixedOutputConfig(*LENGTH_RANGE),
    CapsuleMask: lambda _: LayerConfig(),  # what it lets through is quantised already
    CapsuleSelect: lambda _: LayerConfig(),
}
# What tfmot can quantise around; it refuses other functions without naming the layer.
ACTIVATIONS = ("gelu", "linear", "relu", "sigmoid", "softmax", "swish", "tanh")
# Layers that keep the values they get, between the producer of a tensor and its squash.
_TRANSPARENT = (
    *(keras.layers.Reshape, keras.layers.Flatten, keras.layers.Permute, keras.layers.Dropout, CapsuleSelect),
)


class CapsuleRegistry(tfmot_registry.Default8BitQuantizeRegistry):
    """The layers that tfmot and we know, and their configs."""

    def __init__(self, preserve_sparsity: bool = True) -> None:
        super().__init__()
        self.preserve_sparsity = preserve_sparsity

    def supports(self, layer: Any) -> bool:
        """Whether the layer has a config."""
        return type(layer) in CAPSULE_CONFIGS or super().supports(layer)

    def get_quantize_config(self, layer: Any) -> Any:
        """The layer's config."""
        if type(layer) in CAPSULE_CONFIGS:
            return CAPSULE_CONFIGS[type(layer)](self.preserve_sparsity)
        return self.adopt(super().get_quantize_config(layer), layer)

    def adopt(self, config: Any, layer: Any) -> Any:
        """The config that quantises what tfmot's `config` does, with our quantisers."""
        if isinstance(config, tfmot_outputs.NoOpQuantizeConfig) and super().supports(layer):
            # Chosen for a layer with a ReLU after it: the result is left alone, but the weights are to be quantised.
            weights = self.get_quantize_config(layer)
            return LayerConfig(weights.weight_attrs, (), False, weights.per_channel, self.preserve_sparsity)
        if isinstance(config, tfmot_registry.Default8BitActivationQuantizeConfig):
            return LayerConfig(quantize_output=bool(config.get_output_quantizers(layer)))
        if isinstance(config, tfmot_outputs.Default8BitOutputQuantizeConfig):
            return LayerConfig(quantize_output=config.quantize_output)
        if type(config) in (
            tfmot_registry.Default8BitQuantizeConfig,
            tfmot_registry.Default8BitConvQuantizeConfig,
            tfmot_registry.Default8BitConvTransposeQuantizeConfig,
        ):
            per_channel = type(config) is tfmot_registry.Default8BitConvQuantizeConfig
            return LayerConfig(
                config.weight_attrs,
                config.activation_attrs,
                config.quantize_output,
                per_channel,
                self.preserve_sparsity,
            )
        return config


class CapsuleLayoutTransform(tfmot_layout.Default8BitQuantizeLayoutTransform):
    """tfmot's transforms, then our configs in place of those it chose, and the pre-squash ranges."""

    def __init__(self, registry: CapsuleRegistry) -> None:
        self.registry = registry

    def apply(self, model: Any, layer_quantize_map: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        """See tfmot."""
        candidates = dict(layer_quantize_map)
        for layer in model.layers:
            if isinstance(layer, keras.layers.InputLayer) and not layer.dtype.startswith("float"):
                candidates.pop(layer.name, None)  # labels, say
        model, configs = super().apply(model, candidates)
        unknown = []
        for layer in model.layers:
            if layer.name not in configs or type(layer).__name__ == "QuantizeLayer":
                continue
            entry = configs[layer.name]
            if entry.get("quantize_config"):
                entry["quantize_config"] = self.registry.adopt(entry["quantize_config"], layer)
            elif self.registry.supports(layer):
                entry["quantize_config"] = self.registry.get_quantize_config(layer)
            elif not isinstance(layer, keras.layers.InputLayer):
                unknown.append(layer)
        if unknown:
            raise ModelError(unsupported(unknown))
        for layer in model.layers:
            if isinstance(layer, Squash):
                _mark_producer(layer, configs)
        return model, configs


class CapsuleScheme(QuantizeScheme):
    """See the module.

    Args:
        preserve_sparsity: Zero weights stay zero.
    """

    def __init__(self, preserve_sparsity: bool = True) -> None:
        self.registry = CapsuleRegistry(preserve_sparsity)

    def get_layout_transformer(self) -> CapsuleLayoutTransform:
        """See tfmot."""
        return CapsuleLayoutTransform(self.registry)

    def get_quantize_registry(self) -> CapsuleRegistry:
        """See tfmot."""
        return self.registry


def activation(layer: Any) -> str | None:
    """Name of the layer's activation function, if it has one."""
    function = getattr(layer, "activation", None)
    return None if function is None else getattr(function, "__name__", type(function).__name__)


def unsupported(layers: list[Any]) -> str:
    """The message that names layers without a config."""

    def describe(layer: Any) -> str:
        function = activation(layer)
        extra = "" if function in (None, "linear") else f" with activation {function}"
        return f"{layer.name} ({type(layer).__name__}{extra})"

    names = ", ".join(map(describe, layers))
    return (
        f"quantisation: tfmot cannot quantise {names}: use another layer (batch normalisation only right after a "
        "convolution or dense layer without an activation), or say how with configs={name: QuantizeConfig}"
    )


def _mark_producer(squash: Any, configs: dict[str, Any]) -> None:
    """Give the layer whose result ends up in `squash` the range that suits the squash."""
    dim = int(squash.input_shape[-1])
    layer = squash
    while layer is squash or isinstance(layer, _TRANSPARENT):
        if len(layer.inbound_nodes) != 1:
            return
        layer = layer.inbound_nodes[0].inbound_layers
        if isinstance(layer, list):
            return
    config = configs.get(layer.name, {}).get("quantize_config")
    # The channels of the producer are cut into capsules only if the last axis is a multiple of them.
    if type(config) is LayerConfig and layer.output_shape[-1] % dim == 0:
        config.pre_squash_dim = dim

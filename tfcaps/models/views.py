"""Other models on the layers of a trained one: for inference, for its capsules, for its reconstructions.

They share the layers (and so the weights) with the model they are made from; nothing is copied.
"""

from __future__ import annotations

from typing import Any

from tfcaps._keras import keras
from tfcaps.errors import ModelError
from tfcaps.layers import CapsuleDense, CapsuleMask


def inference_model(model: Any) -> Any:
    """Images [B, H, W, C] to lengths [B, J]: what is left of a model for a device, without label and decoder.

    Args:
        model: From `tfcaps.models.build`, with or without decoder.

    Returns:
        A Keras model with one input and one output.

    Raises:
        ModelError: If the model has no layer ``lengths``.
    """
    return keras.Model(model.inputs[0], _layer(model, "lengths").output, name=f"{model.name}_inference")


def capsules_model(model: Any) -> Any:
    """Images [B, H, W, C] to class capsules v [B, J, D].

    Raises:
        ModelError: If the model has no layer ``class_caps``.
    """
    return keras.Model(model.inputs[0], _layer(model, "class_caps").output, name=f"{model.name}_capsules")


def decoder_model(model: Any) -> Any:
    """Masked class capsules [B, J, D] to images [B, H, W, C], of a model built with ``decoder=True``.

    Raises:
        ModelError: If the model has no decoder.
    """
    _layer(model, "reconstruction")
    capsules: CapsuleDense = _layer(model, "class_caps")
    masked = keras.Input((capsules.num_capsules, capsules.dim), name="masked_capsules")
    return keras.Model(masked, _decode(model, masked), name=f"{model.name}_decoder")


def reconstruction_model(model: Any) -> Any:
    """Images to [lengths, reconstruction from the longest capsule]: the decoder without a label.

    Raises:
        ModelError: If the model has no decoder.
    """
    _layer(model, "reconstruction")
    masked = CapsuleMask(name="mask_longest")(_layer(model, "class_caps").output)
    lengths = _layer(model, "lengths").output
    return keras.Model(model.inputs[0], [lengths, _decode(model, masked)], name=f"{model.name}_reconstruction")


def _decode(model: Any, masked: Any) -> Any:
    x = masked
    for layer in model.layers:
        if layer.name == "reconstruction" or layer.name.startswith("reconstruction_"):
            x = layer(x)
    return x


def _layer(model: Any, name: str) -> Any:
    try:
        return model.get_layer(name)
    except ValueError:
        hint = ": build it with decoder=True" if name == "reconstruction" else ""
        raise ModelError(f"model {model.name!r} has no layer {name!r}{hint}") from None

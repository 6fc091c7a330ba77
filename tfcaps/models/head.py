"""`capsule_head`: capsules on top of any Keras backbone ("Towards Efficient Capsule Networks", 2022, section 3)."""

from __future__ import annotations

from typing import Any

from tfcaps._keras import keras
from tfcaps.errors import ModelError
from tfcaps.layers import primary_capsules
from tfcaps.models.base import class_capsules

HEAD_LAYERS = ("head_relu", "primary", "primary_reshape", "primary_squash", "class_caps", "lengths")


def capsule_head(
    backbone: Any,
    num_classes: int,
    caps_dim: int = 8,
    class_caps_dim: int = 16,
    routing: Any = "dynamic",
    use_bias: bool = True,
) -> Any:
    """Replace the classifier of a convolutional network by capsules.

    The backbone's feature map [B, h, w, C] (cut off global pooling and classifier first) goes through a ReLU, then one
    convolution whose kernel is the whole map gives T = C // caps_dim capsule types at a single position, so that a
    slimmer backbone gets fewer capsules; a routed layer makes the class capsules.

    Args:
        backbone: A Keras model with one output of rank 4 and fixed spatial size. Its layers are used, not copied:
            freeze them with ``backbone.trainable = False`` for the paper's "freeze" regime.
        num_classes: Classes J.
        caps_dim: Dimension K of the primary capsules.
        class_caps_dim: Dimension D of the class capsules.
        routing: A name or a routing. The paper lets gradients through the last iteration only:
            ``tfcaps.routing.Dynamic(detach_inner=True)``.
        use_bias: A learnt bias for each class capsule that starts at 0.1, as in the paper's code.

    Returns:
        A Keras model from the backbone's inputs to lengths [B, J].

    Raises:
        ModelError: If the backbone has several outputs, another rank, an open spatial size, fewer channels than
            `caps_dim`, or layers with the head's names.
    """
    if not isinstance(backbone, keras.Model) or not getattr(backbone, "inputs", None):
        raise ModelError(f"capsule_head: expected a built functional {keras.__name__} model, got {backbone!r}")
    outputs = backbone.outputs
    shape = tuple(outputs[0].shape)
    if len(outputs) != 1 or len(shape) != 4 or None in shape[1:]:
        raise ModelError(
            "capsule_head: expected a backbone with one output [batch, h, w, channels] of fixed size, got "
            f"{', '.join(str(tuple(o.shape)) for o in outputs)}: cut off pooling and classifier"
        )
    if num_classes < 1 or caps_dim < 1 or class_caps_dim < 1:
        raise ModelError(f"capsule_head: expected positive sizes, got {num_classes=}, {caps_dim=}, {class_caps_dim=}")
    height, width, channels = shape[1:]
    if channels < caps_dim:
        raise ModelError(f"capsule_head: {channels} channels are too few for one capsule type of {caps_dim}")
    taken = {layer.name for layer in backbone.layers} & set(HEAD_LAYERS)
    if taken:
        raise ModelError(f"capsule_head: the backbone has a layer called {min(taken)!r}, as has the head: rename it")
    x = keras.layers.ReLU(name="head_relu")(outputs[0])
    u = primary_capsules(x, types=channels // caps_dim, dim=caps_dim, kernel_size=(height, width))
    _, lengths = class_capsules(u, num_classes, class_caps_dim, routing, use_bias=use_bias)
    # Keras 3 warns about structure when a single input comes in a list.
    inputs = backbone.inputs[0] if len(backbone.inputs) == 1 else backbone.inputs
    return keras.Model(inputs, lengths, name=f"{backbone.name}_capsules")

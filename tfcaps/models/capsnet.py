"""CapsNet, the network of "Dynamic Routing Between Capsules" (Sabour, Frosst, Hinton 2017, figures 1 and 2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfcaps._keras import keras
from tfcaps.layers import CapsuleMask, decoder, primary_capsules
from tfcaps.models.base import MODELS, class_capsules, image_input

_decoder = decoder


@MODELS.register("capsnet")
def capsnet(
    input_shape: Sequence[int] = (28, 28, 1), num_classes: int = 10, routing: Any = "dynamic", decoder: bool = False
) -> Any:
    """The paper's network: 256 convolutions 9x9, 32 types of 8-D primary capsules 9x9/2, J class capsules of 16.

    6,804,224 parameters for 28x28x1 and ten classes; 8,215,568 with the decoder. The authors' code also scales the
    primary votes by 1/32 and adds biases of 0.1 inside the squash; the paper does not, and neither does this. Where the
    paper gives no initialisation (the convolutions) Keras' default is used.

    Args:
        input_shape: (H, W, C).
        num_classes: Classes J.
        routing: A name or a routing.
        decoder: Also reconstruct the image. The model then has the inputs ``[image, label]``, label one-hot [B, J],
            and the outputs ``[lengths, reconstruction]``; `tfcaps.models.inference_model` gives images to lengths.

    Returns:
        The Keras model.
    """
    image, shape = image_input("capsnet", input_shape, num_classes, [(9, 1), (9, 2)])
    x = keras.layers.Conv2D(256, 9, activation="relu", name="conv1")(image)
    u = primary_capsules(x, types=32, dim=8, kernel_size=9, strides=2)
    v, lengths = class_capsules(u, num_classes, 16, routing)
    if not decoder:
        return keras.Model(image, lengths, name="capsnet")
    label = keras.Input((num_classes,), name="label")
    reconstruction = _decoder(CapsuleMask(name="mask")([v, label]), shape, name="reconstruction")
    return keras.Model([image, label], [lengths, reconstruction], name="capsnet")

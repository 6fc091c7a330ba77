"""Capsule layers for both Keras flavours.

x = keras.Input((28, 28, 1))
h = keras.layers.Conv2D(16, 7, activation="relu")(x)
u = tfcaps.layers.primary_capsules(h, types=16, dim=4, kernel_size=7, strides=2)     # [B, 1024, 4]
v = tfcaps.layers.CapsuleDense(10, 6, routing="dynamic")(u)                           # [B, 10, 6]
y = tfcaps.layers.CapsuleLength()(v)                                                  # [B, 10]
"""

from tfcaps.layers.base import CapsuleOp, intercept
from tfcaps.layers.blocks import decoder, primary_capsules
from tfcaps.layers.capsule_dense import CapsuleDense
from tfcaps.layers.capsule_length import CapsuleLength
from tfcaps.layers.capsule_mask import CapsuleMask
from tfcaps.layers.capsule_select import CapsuleSelect
from tfcaps.layers.squash import Squash

__all__ = [
    "CapsuleDense",
    "CapsuleLength",
    "CapsuleMask",
    "CapsuleOp",
    "CapsuleSelect",
    "Squash",
    "decoder",
    "intercept",
    "primary_capsules",
]

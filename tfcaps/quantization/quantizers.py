"""Fake quantisers: of weights, of activations, and of the tensor in front of a squash.

They replace tfmot's own where those do harm: tfmot's ranges begin at ±6 and take thousands of steps to move from
there, and its weight quantisers let pruned weights grow again.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from tfcaps import _tfmot
from tfcaps._keras import keras
from tfcaps.quantization.calibration import RATIOS
from tfcaps.routing import squash

_tfmot.require("quantisation")
from tensorflow_model_optimization.python.core.quantization.keras.quantizers import Quantizer  # noqa: E402

# A range that no batch has set yet. Conversion needs a plain fake quantiser, so there is no room for a flag.
UNSET = (-6.0, 6.0)
DECAY = 0.99
_SMALLEST = 1e-6  # of a range; a kernel column or an activation may be zero throughout
_SAMPLED_IMAGES = 16


@keras.saving.register_keras_serializable("tfcaps")
class WeightQuantizer(Quantizer):
    """int8, symmetric, codes -127 ... 127, by the largest absolute value of the moment.

    Its upper limit is also to be found on the quantised layer, as ``<weight>_limit``: the scale is limit / 127.

    Args:
        per_channel: One limit for each index of the last axis instead of one for the tensor.
        preserve_sparsity: Weights that are zero get no gradient, so that they stay zero.
    """

    def __init__(self, per_channel: bool = False, preserve_sparsity: bool = True) -> None:
        self.per_channel = per_channel
        self.preserve_sparsity = preserve_sparsity

    def build(self, tensor_shape: Any, name: str, layer: Any) -> dict[str, tf.Variable]:
        """The limits, set from the weights as they are."""
        shape = (tensor_shape[-1],) if self.per_channel else ()
        low = layer.add_weight(f"{name}_min", shape=shape, initializer="zeros", trainable=False)
        high = layer.add_weight(f"{name}_max", shape=shape, initializer="zeros", trainable=False)
        limit = self._limit(getattr(layer.layer, name))
        low.assign(-limit)
        high.assign(limit)
        layer.layer.__dict__[f"{name}_limit"] = high  # past Keras, which would track the variable a second time
        return {"min_var": low, "max_var": high}

    def __call__(self, inputs: tf.Tensor, training: bool, weights: dict[str, tf.Variable], **_: Any) -> tf.Tensor:
        """`inputs` on the grid of int8."""
        low, high = weights["min_var"], weights["max_var"]
        inputs = tf.convert_to_tensor(inputs)
        if training:
            if self.preserve_sparsity:
                inputs *= tf.stop_gradient(tf.cast(inputs != 0, inputs.dtype))
            limit = self._limit(inputs)
            low, high = low.assign(-limit), high.assign(limit)
        fake_quant = (
            tf.quantization.fake_quant_with_min_max_vars_per_channel
            if self.per_channel
            else tf.quantization.fake_quant_with_min_max_vars
        )
        return fake_quant(inputs, low, high, num_bits=8, narrow_range=True)

    def _limit(self, x: tf.Tensor) -> tf.Tensor:
        axes = list(range(len(x.shape) - 1)) if self.per_channel else None
        return tf.stop_gradient(tf.maximum(tf.reduce_max(tf.abs(x), axis=axes), _SMALLEST))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"per_channel": self.per_channel, "preserve_sparsity": self.preserve_sparsity}


@keras.saving.register_keras_serializable("tfcaps")
class ActivationQuantizer(Quantizer):
    """int8, affine: the range of the first batch, then a moving average of the batches' ranges."""

    def build(self, tensor_shape: Any, name: str, layer: Any) -> dict[str, tf.Variable]:
        """The range, not set."""

        def variable(suffix: str, value: float) -> tf.Variable:
            initial = keras.initializers.Constant(value)
            return layer.add_weight(f"{name}_{suffix}", shape=(), initializer=initial, trainable=False)

        return {"min_var": variable("min", UNSET[0]), "max_var": variable("max", UNSET[1])}

    def __call__(self, inputs: tf.Tensor, training: bool, weights: dict[str, tf.Variable], **_: Any) -> tf.Tensor:
        """`inputs` on the grid of int8."""
        low, high = weights["min_var"], weights["max_var"]
        if training:
            batch_low, batch_high = self.batch_range(tf.stop_gradient(inputs))
            unset = tf.logical_and(tf.equal(low, UNSET[0]), tf.equal(high, UNSET[1]))
            decay = tf.where(unset, 0.0, DECAY)
            low = low.assign(decay * low + (1.0 - decay) * batch_low)
            high = high.assign(decay * high + (1.0 - decay) * batch_high)
        return tf.quantization.fake_quant_with_min_max_vars(inputs, low, high, num_bits=8)

    def batch_range(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """(low, high) of one batch, with zero."""
        low = tf.minimum(tf.reduce_min(x), 0.0)
        return low, tf.maximum(tf.reduce_max(x), low + _SMALLEST)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {}


@keras.saving.register_keras_serializable("tfcaps")
class PreSquashQuantizer(ActivationQuantizer):
    """The range of a batch is the one with the smallest rms error after the squash; see `squash_clip`.

    Args:
        dim: Dimension of the capsules that the tensor holds.
    """

    def __init__(self, dim: int) -> None:
        self.dim = dim

    def batch_range(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """(low, high) of one batch, with zero; the error is measured on its first images."""
        low, high = super().batch_range(x)
        limit = tf.maximum(-low, high)
        lows = [low, *(-limit * ratio for ratio in RATIOS)]
        highs = [high, *(limit * (ratio * 127.0 / 128.0) for ratio in RATIOS)]
        capsules = tf.reshape(x[:_SAMPLED_IMAGES], [-1, self.dim])
        exact = squash(capsules)
        errors = [
            tf.reduce_sum(tf.square(squash(tf.quantization.fake_quant_with_min_max_vars(capsules, lo, hi)) - exact))
            for lo, hi in zip(lows, highs, strict=True)
        ]
        best = tf.argmin(tf.stack(errors))
        return tf.gather(tf.stack(lows), best), tf.gather(tf.stack(highs), best)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"dim": self.dim}

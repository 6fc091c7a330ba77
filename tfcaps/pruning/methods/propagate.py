"""The linear network that bounds a network: every weight by its magnitude, every activation by the identity.

Its transposed product with the importance of a response is the importance of what the response was computed from:
s_k = |W_{k+1}|^T s_{k+1} through a dense layer, a transposed convolution with |W| through a convolution, a copy
through an addition, a split through a concatenation. So importances are the gradients of this network, and one
backward pass propagates them through any topology.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from tfcaps._keras import keras
from tfcaps.errors import ModelError
from tfcaps.layers import CapsuleDense, CapsuleLength

_ACTIVATIONS = ("Activation", "ELU", "LeakyReLU", "PReLU", "ReLU", "Softmax", "Squash", "CapsuleMask")
_NOISES = ("ActivityRegularization", "Dropout", "GaussianDropout", "GaussianNoise", "SpatialDropout2D")
_FUNCTIONS = ("relu", "relu6", "sigmoid", "tanh", "softmax", "silu", "swish", "gelu", "hard_sigmoid", "hard_swish")
_NORMS = ("GroupNormalization", "LayerNormalization", "RMSNormalization", "UnitNormalization")
_SUMS = ("Multiply", "Maximum", "Minimum", "Subtract")


class Bound:
    """Makes, for each layer, the linear function that bounds it; weights are read once.

    Through a multiplication (a gate) each factor gets the importance of the product; through pooling, of either kind,
    every value in a window gets that of its result; through `CapsuleDense` every coupling counts as one.
    """

    def __init__(self) -> None:
        self._made: dict[int, Callable[..., Any]] = {}

    def __call__(self, layer: Any) -> Callable[..., Any]:
        """The function in the layer's place.

        Raises:
            ModelError: For a layer with weights that nothing is known of.
        """
        if id(layer) not in self._made:
            self._made[id(layer)] = _bound(layer)
        return self._made[id(layer)]


def _bound(layer: Any) -> Callable[..., Any]:
    kind = type(layer).__name__
    function = _function(layer)
    if kind in _ACTIVATIONS or kind in _NOISES or function in _FUNCTIONS:
        return lambda x, *args, **kwargs: x
    if isinstance(layer, CapsuleDense):
        return _capsule_dense(layer)
    if isinstance(layer, CapsuleLength):
        return lambda x: tf.reduce_sum(x, axis=-1)
    if kind == "BatchNormalization":
        return _batch_norm(layer)
    if kind in _NORMS:
        gamma = getattr(layer, "gamma", None)
        return lambda x, **kwargs: x if gamma is None else x * tf.abs(tf.convert_to_tensor(gamma))
    if kind in _SUMS or function in ("multiply", "mul", "maximum", "minimum", "subtract", "sub"):
        return lambda *args, **kwargs: _total(args)
    if "Global" in kind and "Pooling" in kind:
        return lambda x, **kwargs: _global_sum(layer, x)
    if "Pooling" in kind:
        return lambda x, **kwargs: _window_sum(layer, x)
    if any("kernel" in name for name in _weight_names(layer)):
        return _magnitudes(layer)
    if _weight_names(layer):
        raise ModelError(f"nisp: importance cannot be propagated through layer {layer.name!r} ({kind})")
    return layer


def _function(layer: Any) -> str:
    """The name of what is a bare function in a model: an operation of Keras 3, a TensorFlow function in tf_keras."""
    if isinstance(layer, keras.layers.Layer):
        return str(getattr(layer, "symbol", "")).split(".")[-1]
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(layer).__name__).lower()


def _weight_names(layer: Any) -> list[str]:
    return [_name(weight) for weight in getattr(layer, "weights", [])]


def _name(weight: Any) -> str:
    return getattr(weight, "path", weight.name).split("/")[-1].split(":")[0]


def _magnitudes(layer: Any) -> Callable[..., Any]:
    """A convolution or dense layer of the same class with |W|, without bias and activation."""
    config = {**layer.get_config(), "activation": "linear", "use_bias": False, "dtype": "float32"}
    copy = type(layer).from_config(config)
    kernels = [np.abs(np.asarray(w)) for w in layer.weights if not _name(w).startswith("bias")]

    def call(x: Any, **kwargs: Any) -> Any:
        if not copy.built:
            copy.build(tuple(x.shape))
            copy.built = True
            copy.set_weights(kernels)
        return copy(x)

    return call


def _batch_norm(layer: Any) -> Callable[..., Any]:
    scale = 1.0 / np.sqrt(np.asarray(layer.moving_variance) + layer.epsilon)
    if layer.scale:
        scale = scale * np.abs(np.asarray(layer.gamma))
    axis = layer.axis[0] if isinstance(layer.axis, (list, tuple)) else layer.axis

    def call(x: Any, **kwargs: Any) -> Any:
        shape = [1] * len(x.shape)
        shape[axis % len(shape)] = -1
        return x * tf.constant(scale.reshape(shape), x.dtype)

    return call


def _capsule_dense(layer: CapsuleDense) -> Callable[..., Any]:
    kernel = tf.abs(tf.convert_to_tensor(layer.kernel))

    def call(u: Any) -> Any:
        sums = tf.reshape(u, [-1, kernel.shape[0]]) @ tf.cast(kernel, u.dtype)
        return tf.reshape(sums, [-1, layer.num_capsules, layer.dim])

    return call


def _total(args: Any) -> Any:
    parts = [part for part in tf.nest.flatten(args) if tf.is_tensor(part)]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _global_sum(layer: Any, x: Any) -> Any:
    first = 1 if layer.data_format == "channels_last" else 2
    axes = list(range(first, first + len(x.shape) - 2))
    return tf.reduce_sum(x, axis=axes, keepdims=layer.keepdims)


def _window_sum(layer: Any, x: Any) -> Any:
    if layer.data_format != "channels_last":
        raise ModelError(f"nisp: pooling {layer.name!r} has its channels first; use channels_last")
    rank = len(x.shape) - 2
    size, strides = _tuple(layer.pool_size, rank), _tuple(layer.strides, rank)
    if layer.padding.lower() == "same":
        pads = []
        for length, window, stride in zip(x.shape[1:-1], size, strides, strict=True):
            total = max(0, (-(-int(length) // stride) - 1) * stride + window - int(length))
            pads.append((total // 2, total - total // 2))
        x = tf.pad(x, [(0, 0), *pads, (0, 0)])
    return tf.nn.avg_pool(x, size, strides, "VALID") * float(np.prod(size))


def _tuple(value: Any, rank: int) -> tuple[int, ...]:
    return tuple(value) if isinstance(value, (list, tuple)) else (int(value),) * rank


def layer_classes() -> tuple[type, ...]:
    """The classes of layers whose input is the response that a classifier reads."""
    return (keras.layers.Dense, keras.layers.Conv1D, keras.layers.Conv2D)

"""Which activation functions work on each channel alone."""

from __future__ import annotations

from typing import Any

from tfcaps._keras import keras
from tfcaps.pruning.graph.labels import Labels
from tfcaps.pruning.graph.rule import Call, find_rule

ELEMENTWISE = {
    *("celu", "elu", "exponential", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh"),
    *("leaky_relu", "linear", "log_sigmoid", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink"),
    *("softplus", "softsign", "sparse_plus", "sparse_sigmoid", "squareplus", "swish", "tanh", "tanh_shrink"),
    "threshold",
}


def activation(layer: Any) -> str | None:
    """Why the layer's activation mixes channels or may do so, or None if it works on each alone."""
    function = getattr(layer, "activation", None)
    if function is None:
        return None
    if isinstance(function, keras.layers.Layer):
        from tfcaps.pruning.graph.rules.elementwise import ElementwiseRule

        if isinstance(find_rule(function), ElementwiseRule) and not function.weights:
            return None
        return f"its activation {type(function).__name__} may mix channels"
    name = getattr(function, "__name__", type(function).__name__)
    if name in ELEMENTWISE and getattr(function, "__module__", "").split(".")[0] in ("keras", "tf_keras", "tensorflow"):
        return None
    return f"its activation {name!r} may mix channels"


def activate(call: Call, labels: Labels) -> Labels:
    """Freeze the labels of a layer's result if its activation mixes them."""
    reason = activation(call.layer)
    if reason is not None:
        call.freeze(labels, f"{type(call.layer).__name__} {call.layer.name!r}: {reason}")
    return labels

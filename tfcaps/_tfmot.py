"""tfmot, and the models it can work on.

tfmot knows tf_keras only and, imported first, switches the whole process to it. So it is imported here and nowhere
else, after the flavour of Keras is settled and found to be tf_keras.
"""

from __future__ import annotations

import importlib
import warnings
from types import ModuleType
from typing import Any

from tfcaps._keras import LEGACY, keras
from tfcaps.errors import ModelError

_BRIDGE = (
    "set TF_USE_LEGACY_KERAS=1 before importing TensorFlow, build the model again and bring its weights over "
    "(tfcaps.weights.export_weights here, tfcaps.weights.import_weights there, or model.set_weights)"
)


def require(action: str) -> ModuleType:
    """The module tensorflow_model_optimization.

    Args:
        action: What needs it, for the message: ``"pruning"``.

    Raises:
        ModelError: If this process runs on Keras 3.
    """
    if not LEGACY:
        raise ModelError(
            f"{action} goes through tfmot, which needs tf_keras, and this process runs on Keras 3: {_BRIDGE}"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it compares versions with distutils
        return importlib.import_module("tensorflow_model_optimization")


def check_model(model: Any, action: str) -> None:
    """Raise ModelError unless `model` is a built functional or sequential tf_keras model."""
    require(action)
    if not isinstance(model, keras.Model):
        if any(base.__module__.split(".")[0] == "keras" for base in type(model).__mro__):
            raise ModelError(
                f"{action}: the model is a Keras 3 {type(model).__name__}, and tfmot needs tf_keras: {_BRIDGE}"
            )
        raise ModelError(f"{action}: expected a tf_keras model, got {type(model).__name__}")
    if not model.built:
        raise ModelError(f"{action}: model {model.name!r} is not built; call it once or give it an input shape")
    if not is_functional(model):
        raise ModelError(
            f"{action}: model {model.name!r} is a subclassed {type(model).__name__}, and tfmot supports functional and "
            "sequential models only; build it with keras.Model(inputs, outputs)"
        )


def is_functional(model: Any) -> bool:
    """Whether the model is functional or sequential, so that it can be cloned layer by layer."""
    return isinstance(model, keras.Sequential) or bool(getattr(model, "_is_graph_network", False))


def clone(model: Any) -> Any:
    """A copy of the model with layers and weights of its own; tfmot would put wrappers around the given layers."""
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return copy

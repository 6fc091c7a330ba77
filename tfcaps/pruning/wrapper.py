"""What a model under pruning is made of: tfmot's wrapper around the pruned layers, and a model that minds its callback.

Importing this module registers both, so that a model saved while it is being pruned can be loaded.
"""

from __future__ import annotations

from typing import Any

from tfcaps import _tfmot
from tfcaps._keras import keras
from tfcaps.errors import ModelError

_tfmot.require("pruning")
from tensorflow_model_optimization.python.core.sparsity.keras import pruning_callbacks, pruning_wrapper  # noqa: E402


@keras.saving.register_keras_serializable("tfcaps")
class PruneLowMagnitude(pruning_wrapper.PruneLowMagnitude):
    """tfmot's wrapper, with a config that keeps the m:n pattern and that reads back from .h5 too."""

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "sparsity_m_by_n": self.sparsity_m_by_n}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> PruneLowMagnitude:
        """The wrapper that `get_config` described."""
        layer = config["layer"]
        # The .h5 reader looks for the wrapped layer under "class_name", where its writer puts no package.
        name = layer.get("registered_name") or layer["class_name"]
        return super().from_config({**config, "layer": {**layer, "class_name": name}})


@keras.saving.register_keras_serializable("tfcaps")
class PrunedModel(keras.Model):
    """A functional model with pruned layers, which does not train without the callback that counts the steps."""

    def fit(self, *args: Any, callbacks: Any = None, **kwargs: Any) -> Any:
        """``keras.Model.fit``.

        Raises:
            ModelError: Without tfmot's callback; its own error would come from inside the graph.
        """
        given = getattr(callbacks, "callbacks", callbacks) or []
        given = given if isinstance(given, (list, tuple)) else [given]
        if not any(isinstance(callback, pruning_callbacks.UpdatePruningStep) for callback in given):
            raise ModelError(
                f"Model {self.name!r} is being pruned, and fit() got no callback that updates the pruning step: pass "
                "callbacks=tfcaps.pruning.callbacks(), or strip the pruning first"
            )
        return super().fit(*args, callbacks=callbacks, **kwargs)


# The .h5 format names a model's class without its package.
keras.utils.get_custom_objects()["PrunedModel"] = PrunedModel


def wrappers(model: Any) -> list[Any]:
    """The pruning wrappers in a model and the models nested in it."""
    return pruning_wrapper.collect_prunable_layers(model)

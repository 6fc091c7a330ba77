"""How sparse a model is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfcaps._keras import keras

_PRUNABLE = ("kernel", "depthwise_kernel", "pointwise_kernel", "recurrent_kernel", "embeddings")


@dataclass(frozen=True)
class LayerSparsity:
    """One layer's share.

    Attributes:
        name: The layer's name, without that of a wrapper.
        parameters: All its trainable parameters.
        weights: The prunable ones among them: kernels, not biases.
        nonzeros: Those of `weights` that are not zero.
    """

    name: str
    parameters: int
    weights: int
    nonzeros: int

    @property
    def sparsity(self) -> float:
        """The fraction of `weights` that is zero."""
        return 1.0 - self.nonzeros / self.weights if self.weights else 0.0


@dataclass(frozen=True)
class SparsityReport:
    """The layers that have parameters, and their sums."""

    layers: tuple[LayerSparsity, ...]

    def __getitem__(self, name: str) -> LayerSparsity:
        return next(layer for layer in self.layers if layer.name == name)

    @property
    def parameters(self) -> int:
        """All trainable parameters."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def weights(self) -> int:
        """The prunable ones."""
        return sum(layer.weights for layer in self.layers)

    @property
    def nonzeros(self) -> int:
        """The prunable ones that are not zero."""
        return sum(layer.nonzeros for layer in self.layers)

    @property
    def sparsity(self) -> float:
        """The fraction of the prunable ones that is zero."""
        return 1.0 - self.nonzeros / self.weights if self.weights else 0.0


def sparsity_report(model: Any) -> SparsityReport:
    """Weights and non-zeros of each layer of a model, plain, under pruning, stripped or quantised."""
    return SparsityReport(tuple(_layer(layer) for layer in leaves(model) if layer.trainable_weights))


def leaves(model: Any) -> Iterator[Any]:
    """The layers of a model and of the models nested in it."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from leaves(layer)
        else:
            yield layer


def _layer(layer: Any) -> LayerSparsity:
    kernels = [np.asarray(v) for v in layer.trainable_weights if _name(v) in _PRUNABLE]
    return LayerSparsity(
        name=getattr(layer, "layer", layer).name,
        parameters=sum(int(np.prod(v.shape)) for v in layer.trainable_weights),
        weights=sum(kernel.size for kernel in kernels),
        nonzeros=sum(int(np.count_nonzero(kernel)) for kernel in kernels),
    )


def _name(variable: Any) -> str:
    return getattr(variable, "path", variable.name).split("/")[-1].split(":")[0]

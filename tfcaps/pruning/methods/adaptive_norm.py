"""Adaptive batch normalisation: new statistics for a pruned network, its weights untouched (Li et al. 2020)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from tfcaps._keras import keras
from tfcaps.pruning.graph import walk


class AdaptiveNorm:
    """Estimates the statistics of all batch normalisations of a model again; compiled once, used many times.

    The moving mean and variance become the averages over the given batches, as if the model were trained on them
    without changing a weight: the old statistics are forgotten altogether.

    Args:
        model: A functional or sequential model.
    """

    def __init__(self, model: Any) -> None:
        norms = [layer for _, layer in walk.leaves(model) if isinstance(layer, keras.layers.BatchNormalization)]
        self._norms = norms
        self._statistics = [v for norm in norms for v in (norm.moving_mean, norm.moving_variance)]
        self._forward = tf.function(lambda x: model(x, training=True), reduce_retracing=True)

    def __call__(self, batches: Iterable[Any]) -> None:
        """Estimate from batches of images, all of one size if possible: each counts alike.

        Layers that behave otherwise in training (dropout) do so here. Nothing happens without batch normalisations.
        """
        if not self._norms:
            return
        before = [(norm.momentum, norm.trainable) for norm in self._norms]
        sums = [np.zeros(tuple(v.shape), np.float64) for v in self._statistics]
        count = 0
        try:
            for norm in self._norms:
                norm.momentum = 0.0  # so that the moving statistics are those of the batch
                norm.trainable = True  # a frozen one would not look at the batch
            for x in batches:
                self._forward(x)
                sums = [total + np.asarray(v) for total, v in zip(sums, self._statistics, strict=True)]
                count += 1
        finally:
            for norm, (momentum, trainable) in zip(self._norms, before, strict=True):
                norm.momentum, norm.trainable = momentum, trainable
        if count:
            for variable, total in zip(self._statistics, sums, strict=True):
                variable.assign((total / count).astype(np.float32))

    def save(self) -> list[np.ndarray]:
        """The statistics as they are."""
        return [np.array(v) for v in self._statistics]

    def restore(self, saved: list[np.ndarray]) -> None:
        """Put back what `save` returned."""
        for variable, value in zip(self._statistics, saved, strict=True):
            variable.assign(value)

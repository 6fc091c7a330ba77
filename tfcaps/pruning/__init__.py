"""Magnitude pruning of whole capsule networks through tfmot (Zhu and Gupta 2017), and what it leaves.

    schedule = tfcaps.pruning.polynomial_decay(steps=10 * batches, sparsity=0.5)
    pruned = tfcaps.pruning.prune_low_magnitude(model, schedule)          # a copy: model stays as it is
    pruned.compile("adam", loss)
    pruned.fit(x, y, epochs=10, callbacks=tfcaps.pruning.callbacks())
    sparse = tfcaps.pruning.strip_pruning(pruned)
    tfcaps.pruning.sparsity_report(sparse).sparsity                       # 0.5

tfmot needs tf_keras: run with TF_USE_LEGACY_KERAS=1. A model saved under pruning loads with
``keras.models.load_model`` once this package is imported.
"""

from __future__ import annotations

from typing import Any

from tfcaps import _tfmot
from tfcaps._keras import LEGACY
from tfcaps.pruning.graph import ChannelGraph, Group, Keep, Member
from tfcaps.pruning.low_magnitude import prune_low_magnitude, strip_pruning
from tfcaps.pruning.schedule import check_schedule, constant, polynomial_decay
from tfcaps.pruning.shrink import mask, shrink
from tfcaps.pruning.sparsity import LayerSparsity, SparsityReport, sparsity_report

if LEGACY:
    import tfcaps.pruning.wrapper  # noqa: F401  (registers the classes of a saved model)

__all__ = [
    "ChannelGraph",
    "Group",
    "Keep",
    "LayerSparsity",
    "Member",
    "SparsityReport",
    "callbacks",
    "check_schedule",
    "constant",
    "mask",
    "polynomial_decay",
    "prune_low_magnitude",
    "shrink",
    "sparsity_report",
    "strip_pruning",
]


def callbacks(steps: int | None = None) -> list[Any]:
    """The callbacks that a model under pruning trains with.

    They raise ModelError before the first step if the run is too short for the schedule.

    Args:
        steps: Training steps of the whole run, if it is spread over several calls of ``fit``.
    """
    _tfmot.require("pruning")
    from tfcaps.pruning.callback import UpdatePruningStep

    return [UpdatePruningStep(steps)]

"""Smaller models: fewer filters, units and capsules (structured pruning), or weights that are zero (magnitude pruning).

Structured pruning gives a model that is really smaller:

    result = tfcaps.pruning.prune(model, "slimming", target={"macs": 0.5}, data=(x, y), fine_tune=3)
    result.model                                                          # to save, train on, quantise, convert
    result.report.show()                                                  # what became of each layer
    result.report.draw("pruned.png")

`METHODS` lists the methods, and ``METHODS[name].options()`` what each of them takes. Its parts can be used alone:

    graph = tfcaps.pruning.ChannelGraph(model)                            # what has to be cut together
    cost = tfcaps.pruning.CostModel(graph)                                # what narrower models would cost
    cost.at_counts({"conv1": 8}).macs
    small = tfcaps.pruning.shrink(model, {"conv1": keep}, graph)          # keep: bool [filters]

Magnitude pruning (Zhu and Gupta 2017) makes small weights zero while the model trains, through tfmot:

    schedule = tfcaps.pruning.polynomial_decay(steps=10 * batches, sparsity=0.5)
    pruned = tfcaps.pruning.prune_low_magnitude(model, schedule)          # a copy: model stays as it is
    pruned.compile("adam", loss)
    pruned.fit(x, y, epochs=10, callbacks=tfcaps.pruning.callbacks())
    sparse = tfcaps.pruning.strip_pruning(pruned)
    tfcaps.pruning.sparsity_report(sparse).sparsity                       # 0.5

Structured pruning works in both Keras flavours. tfmot needs tf_keras: run with TF_USE_LEGACY_KERAS=1. A model saved
under magnitude pruning loads with ``keras.models.load_model`` once this package is imported.
"""

from __future__ import annotations

from typing import Any

from tfcaps import _tfmot
from tfcaps._keras import LEGACY
from tfcaps.pruning.cost import METRICS, Cost, CostModel
from tfcaps.pruning.fine_tuning import FineTuning
from tfcaps.pruning.graph import ChannelGraph, Group, Keep, Member
from tfcaps.pruning.low_magnitude import prune_low_magnitude, strip_pruning
from tfcaps.pruning.methods import METHODS, Method
from tfcaps.pruning.report import PruneReport
from tfcaps.pruning.schedule import check_schedule, constant, polynomial_decay
from tfcaps.pruning.shrink import mask, shrink
from tfcaps.pruning.sparsity import LayerSparsity, SparsityReport, sparsity_report
from tfcaps.pruning.structured import PruneResult, prune
from tfcaps.pruning.target import Target

if LEGACY:
    import tfcaps.pruning.wrapper  # noqa: F401  (registers the classes of a saved model)

__all__ = [
    "METHODS",
    "METRICS",
    "ChannelGraph",
    "Cost",
    "CostModel",
    "FineTuning",
    "Group",
    "Keep",
    "LayerSparsity",
    "Member",
    "Method",
    "PruneReport",
    "PruneResult",
    "SparsityReport",
    "Target",
    "callbacks",
    "check_schedule",
    "constant",
    "mask",
    "polynomial_decay",
    "prune",
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

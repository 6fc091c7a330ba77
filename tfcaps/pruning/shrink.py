"""Make a model smaller by what a channel graph says can go: `shrink`, and `mask`, which says what that must compute."""

from __future__ import annotations

from typing import Any

from tfcaps.errors import ModelError
from tfcaps.pruning.graph import ChannelGraph, Keep
from tfcaps.pruning.graph.rebuild import rebuild


def shrink(model: Any, keep: Keep, graph: ChannelGraph | None = None) -> Any:
    """A physically smaller model: fewer filters, units and capsules, with the weights of those that stay.

    Args:
        model: A built functional or sequential Keras model; it stays as it is.
        keep: For each group of the graph by name which items stay, bool [size]; groups left out stay whole.
        graph: The model's graph, if there is one already.

    Returns:
        An uncompiled model of the same kind with the same layer names, which computes what ``mask(model, keep)`` does.

    Raises:
        ModelError: For a model that has no graph, a group that does not exist, is frozen or would vanish, a mask of
            another length, and a layer that cannot be built again from its config.

    Example:
        >>> graph = ChannelGraph(model)
        >>> small = shrink(model, {"conv1": np.arange(graph.group("conv1").size) % 2 == 0})
    """
    graph = _graph(model, graph)
    return rebuild(graph.trace, graph.cut(keep))


def mask(model: Any, keep: Keep, graph: ChannelGraph | None = None) -> Any:
    """A copy of the model in its old size in which removed items have no effect.

    The weights that read a removed item are zero. Dimensions of class capsules are made zero as well, since a length
    sums over them.

    Args:
        model: A built functional or sequential Keras model; it stays as it is.
        keep: As for `shrink`.
        graph: The model's graph, if there is one already.

    Returns:
        An uncompiled model of the same kind.

    Raises:
        ModelError: As `shrink`.
    """
    graph = _graph(model, graph)
    return rebuild(graph.trace, graph.cut(keep), masked=True)


def _graph(model: Any, graph: ChannelGraph | None) -> ChannelGraph:
    if graph is None:
        return ChannelGraph(model)
    if graph.model is not model:
        raise ModelError(f"expected the graph of model {model.name!r}, got that of {graph.model.name!r}")
    return graph

"""Put a model under pruning, and take it out again."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from tfcaps import _tfmot
from tfcaps._keras import keras
from tfcaps.errors import ModelError, TfcapsError
from tfcaps.layers import CapsuleDense
from tfcaps.pruning.schedule import constant
from tfcaps.pruning.sparsity import leaves

BLOCKS = ("element", "transformation", "2:4")


def prune_low_magnitude(
    model: Any,
    schedule: Any = None,
    *,
    sparsity: float | None = None,
    block: str = "element",
    layers: Collection[str] | None = None,
) -> Any:
    """A copy of the model whose small weights become zero while it trains, through tfmot.

    Args:
        model: A built functional or sequential tf_keras model; it stays as it is.
        schedule: A ``tfmot.sparsity.keras`` schedule such as PolynomialDecay or ConstantSparsity
            (`polynomial_decay` makes one that fits the run); by default `constant` of the given sparsity.
        sparsity: Fraction of zeros, 0.5 by default; part of the schedule, so only without one.
        block: What is pruned as one: ``"element"``; ``"transformation"``, the whole matrix W_ij from one input capsule
            to one output capsule (other layers than CapsuleDense are pruned element by element); or ``"2:4"``, two of
            any four consecutive weights along the input dimension, from the first step on and without a schedule.
        layers: Names of the layers to prune; by default all that tfmot can prune.

    Returns:
        A functional model to compile and to train with ``callbacks=tfcaps.pruning.callbacks()``.

    Raises:
        ModelError: For a model that cannot be pruned: of Keras 3, subclassed, not built, with layers tfmot knows
            nothing about or without any it can prune.
        TfcapsError: For options that contradict each other.

    Example:
        >>> schedule = tfcaps.pruning.polynomial_decay(steps=1000, sparsity=0.5)
        >>> pruned = tfcaps.pruning.prune_low_magnitude(model, schedule)
        >>> pruned.compile("adam", "mse")
        >>> pruned.fit(x, y, epochs=10, callbacks=tfcaps.pruning.callbacks())
        >>> sparse = tfcaps.pruning.strip_pruning(pruned)
    """
    _tfmot.check_model(model, "pruning")
    if block not in BLOCKS:
        raise TfcapsError(f"Expected block to be one of {', '.join(BLOCKS)}, got {block!r}")
    if schedule is not None and sparsity is not None:
        raise TfcapsError("Expected a schedule or a sparsity, got both: the schedule holds the sparsity")
    if block == "2:4" and (schedule is not None or sparsity not in (None, 0.5)):
        raise TfcapsError(
            "Expected neither schedule nor another sparsity than 0.5 with block='2:4': half is what it means"
        )
    if schedule is None:
        schedule = constant(0.5 if sparsity is None else sparsity)

    from tfcaps.pruning.wrapper import PrunedModel, PruneLowMagnitude, wrappers

    if wrappers(model):
        raise ModelError(f"Model {model.name!r} is being pruned already: strip it first")
    copy = _tfmot.clone(model)
    patterns = {id(layer): _pattern(layer, block) for layer in _chosen(copy, layers)}

    def wrap(layer: Any) -> Any:
        if isinstance(layer, keras.Model):
            return keras.models.clone_model(layer, clone_function=wrap)
        if id(layer) not in patterns:
            return layer
        return PruneLowMagnitude(layer, pruning_schedule=schedule, **patterns[id(layer)])

    wrapped = keras.models.clone_model(copy, clone_function=wrap)
    return PrunedModel(wrapped.input, wrapped.output, name=model.name)


def strip_pruning(model: Any) -> Any:
    """A copy of a model under pruning without the wrappers, its pruned weights exactly zero.

    Raises:
        ModelError: If the model is not under pruning.
    """
    _tfmot.check_model(model, "pruning")
    from tfcaps.pruning.wrapper import wrappers

    copy = _tfmot.clone(model)
    if not wrappers(copy):
        raise ModelError(f"Model {model.name!r} is not under pruning: there is nothing to strip")
    for layer in wrappers(copy):
        layer.pruning_obj.weight_mask_op()
    stripped = _tfmot.require("pruning").sparsity.keras.strip_pruning(copy)
    return keras.Model(stripped.input, stripped.output, name=model.name)


def _chosen(model: Any, names: Collection[str] | None) -> list[Any]:
    """The layers to prune; makes tfmot's own kinds of layer answer ``get_prunable_weights``."""
    from tensorflow_model_optimization.python.core.sparsity.keras.prune_registry import PruneRegistry

    layers = [layer for layer in leaves(model) if names is None or layer.name in names]
    missing = set(names or ()) - {layer.name for layer in layers}
    if missing:
        raise ModelError(f"pruning: model {model.name!r} has no layers named {', '.join(sorted(missing))}")
    unknown = []
    for layer in layers:
        if hasattr(layer, "get_prunable_weights"):
            continue
        if PruneRegistry.supports(layer):
            PruneRegistry.make_prunable(layer)
        elif layer.trainable_weights:
            unknown.append(f"{layer.name} ({type(layer).__name__})")
    if unknown:
        raise ModelError(
            f"pruning: tfmot does not know which weights to prune of {', '.join(unknown)}: give the class a method "
            "get_prunable_weights that returns them, or [], or name the layers to prune with layers=[...]"
        )
    chosen = [layer for layer in layers if hasattr(layer, "get_prunable_weights") and layer.get_prunable_weights()]
    if not chosen:
        raise ModelError(f"pruning: model {model.name!r} has no layer that can be pruned")
    return chosen


def _pattern(layer: Any, block: str) -> dict[str, Any]:
    """The arguments of tfmot's wrapper that say what is pruned as one."""
    if block == "2:4":
        ranks = {len(weight.shape) for weight in layer.get_prunable_weights()}
        if not ranks <= {2, 4}:
            raise ModelError(
                f"pruning: 2:4 sparsity needs weights of rank 2 or 4, and {layer.name!r} ({type(layer).__name__}) has "
                f"rank {', '.join(map(str, ranks))}; leave it out with layers=[...]"
            )
        return {"sparsity_m_by_n": (2, 4)}
    if block == "transformation" and isinstance(layer, CapsuleDense):
        count, dim = layer.get_input_shape_at(0)[1:]
        if count == 1 or layer.num_capsules == 1:
            raise ModelError(
                f"pruning: {layer.name!r} has one input or output capsule, and tfmot's blocks need two of each; use "
                "block='element'"
            )
        return {"block_size": (dim, layer.dim)}
    return {}

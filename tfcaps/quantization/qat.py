"""Quantisation-aware training: a model that computes as its int8 file will, and learns to live with it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
import tensorflow as tf

from tfcaps import _tfmot
from tfcaps._keras import keras
from tfcaps.errors import DataError, FileFormatError, ModelError
from tfcaps.layers import CapsuleDense, CapsuleLength, CapsuleMask, CapsuleSelect, Squash
from tfcaps.quantization.report import moving_ranges


def quantize_model(model: Any, preserve_sparsity: bool = True, *, configs: Mapping[str, Any] | None = None) -> Any:
    """A copy of the model with fake quantisers where its int8 form has quantised tensors, through tfmot.

    Convolutions, dense layers and the like follow tfmot's default 8-bit scheme. Of CapsuleDense the kernel is
    quantised per column, the routing is done in the kernel's fixed point, and capsules lie on the grid of 1/128.

    Ranges come from the first batch in training (or in `calibrate`) and follow as a moving average. Save and resume by
    weights: ``quantized.save_weights(path)``, then ``quantize_model(model).load_weights(path)``. A whole model goes
    into an .h5 file, which `load_model` reads; tfmot's wrappers cannot be read back from a .keras file.

    Args:
        model: A built functional or sequential tf_keras model; it stays as it is. One under pruning is stripped first.
        preserve_sparsity: Weights that are zero stay zero. A kernel that begins as zeros would never learn.
        configs: For layers by name, a ``tfmot.quantization.keras.QuantizeConfig`` instead of the scheme's.

    Returns:
        A model to compile and to train; its layers are called after the given ones, ``quant_<name>``.

    Raises:
        ModelError: For a model that cannot be quantised: of Keras 3, subclassed, nested, not built, in mixed precision,
            under pruning, or with layers that nobody knows how to quantise.
    """
    _tfmot.check_model(model, "quantisation")
    from tfcaps.quantization.scheme import CapsuleScheme

    tfmot = _tfmot.require("quantisation").quantization.keras
    configs = dict(configs or {})
    scheme = CapsuleScheme(preserve_sparsity)
    _check_layers(model, scheme.registry, configs)

    def annotate(layer: Any) -> Any:
        return tfmot.quantize_annotate_layer(layer, configs.get(layer.name))

    annotated = keras.models.clone_model(_tfmot.clone(model), clone_function=annotate)
    classes = {type(item).__name__: type(item) for item in (*model.layers, *configs.values())}
    try:
        with tfmot.quantize_scope(classes):
            return tfmot.quantize_apply(annotated, scheme)
    except ModelError:
        raise
    except (ValueError, TypeError, RuntimeError) as error:
        raise ModelError(f"quantisation: tfmot cannot quantise model {model.name!r}: {error}") from error


def calibrate(model: Any, inputs: Any, *, batch_size: int = 32) -> None:
    """Set the ranges of a quantised model from data, without training it: the mean of the batches' ranges.

    Args:
        model: From `quantize_model`.
        inputs: Images [N, H, W, C], or a tuple or dict of arrays for several inputs.
        batch_size: Of the forward passes; the samples are shuffled.

    Raises:
        ModelError: If the model is not quantised.
        DataError: Without samples.
    """
    from tfcaps.quantization.quantizers import UNSET

    moving = [variables for layer in model.layers for _, variables in moving_ranges(layer)]
    following = [v for variables in moving for v in (variables["min_var"], variables["max_var"])]
    kept = [v for v in model.non_trainable_variables if not v.name.split(":")[0].endswith(("_min", "_max"))]
    before = [v.numpy() for v in kept]  # the statistics of batch normalisation
    data = tf.data.Dataset.from_tensor_slices(inputs)
    if not moving:
        raise ModelError(f"calibration: model {model.name!r} is not quantised; pass what quantize_model returns")
    if not len(data):
        raise DataError("calibration: expected at least one sample, got none")
    seen = []
    for batch in data.shuffle(len(data), seed=0).batch(batch_size):
        for i, variable in enumerate(following):
            variable.assign(UNSET[i % 2])
        model(batch, training=True)
        seen.append([v.numpy() for v in following])
    for variable, value in zip((*following, *kept), (*np.mean(seen, axis=0), *before), strict=True):
        variable.assign(value)


def load_model(path: str | os.PathLike[str], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A quantised model from the .h5 file or the SavedModel folder that ``model.save(path)`` wrote.

    Args:
        path: Of the file.
        custom_objects: Classes by name, if the model has other layers than Keras' and ours.

    Raises:
        ModelError: In a process on Keras 3.
        FileFormatError: If the file is missing, is a .keras file, or cannot be read.
    """
    tfmot = _tfmot.require("quantisation").quantization.keras
    import_module("tfcaps.quantization.scheme")  # registers the classes of the scheme
    path = os.fspath(path)
    if not os.path.exists(path):
        raise FileFormatError(f"{path}: no such file")
    if path.endswith(".keras"):
        raise FileFormatError(f"{path}: tfmot cannot read a quantised model back from a .keras file; save it as .h5")
    classes = {cls.__name__: cls for cls in (CapsuleDense, CapsuleLength, CapsuleMask, CapsuleSelect, Squash)}
    try:
        with tfmot.quantize_scope({**classes, **(custom_objects or {})}):
            return keras.models.load_model(path)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise FileFormatError(f"{path}: not a quantised model ({error})") from error


def _check_layers(model: Any, registry: Any, configs: Mapping[str, Any]) -> None:
    from tfcaps.quantization.scheme import ACTIVATIONS, activation, unsupported

    names = {layer.name for layer in model.layers}
    missing = set(configs) - names
    if missing:
        raise ModelError(f"quantisation: model {model.name!r} has no layers named {', '.join(sorted(missing))}")
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            raise ModelError(
                f"quantisation: tfmot cannot quantise the model {layer.name!r} nested in {model.name!r}: build one "
                "model of the layers of both"
            )
        if hasattr(layer, "pruning_obj"):
            raise ModelError(
                f"quantisation: model {model.name!r} is under pruning: pass tfcaps.pruning.strip_pruning(model)"
            )
        if type(layer).__name__ in ("QuantizeWrapperV2", "QuantizeLayer"):
            raise ModelError(f"quantisation: model {model.name!r} is quantised already")
        if layer.compute_dtype == "float16" or layer.compute_dtype == "bfloat16":
            raise ModelError(
                f"quantisation: layer {layer.name!r} computes in {layer.compute_dtype}; build it in float32"
            )
    # What the layout transforms take care of is judged after them.
    later = {"InputLayer", "BatchNormalization", "SyncBatchNormalization", "SeparableConv1D", "SeparableConv2D"}
    unknown = [
        layer
        for layer in model.layers
        if layer.name not in configs
        and not (
            (registry.supports(layer) or type(layer).__name__ in later) and activation(layer) in (None, *ACTIVATIONS)
        )
    ]
    if unknown:
        raise ModelError(unsupported(unknown))

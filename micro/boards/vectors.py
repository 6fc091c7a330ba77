"""Inputs for a generated model, and the outputs that the host computes from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tfcaps.errors import FileFormatError

if TYPE_CHECKING:
    from tfcaps.runtime.batches import BatchRunner
    from tfcaps.runtime.tflite_file import TensorInfo

__all__ = ["host", "random_vectors"]

Arrays = list[NDArray[Any]]


def host(model: bytes) -> BatchRunner:
    """What computes the right bits: the simulator, or TFLite Micro for a model with an operator that it lacks."""
    from tfcaps.quantization.simulator import Simulator
    from tfcaps.runtime import Interpreter

    try:
        return Simulator(model)
    except FileFormatError:
        return Interpreter(model, "tflm")


def random_vectors(
    runner: BatchRunner, inputs: Sequence[TensorInfo], outputs: Sequence[TensorInfo], images: int, seed: int
) -> tuple[Arrays, Arrays]:
    """Noise, and what becomes of it.

    Args:
        runner: From `host`.
        inputs: What the generated model takes, in order: int8 even where the file takes floats.
        outputs: What it gives.
        images: How many.
        seed: Of the noise.

    Returns:
        The generated model's inputs and outputs, each [images, ...].
    """
    from tfcaps.runtime.batches import dequantize, quantize

    rng = np.random.default_rng(seed)
    given: Arrays = []
    for tensor in inputs:
        limits = np.iinfo(tensor.dtype)
        shape = (images, *tensor.shape[1:])
        given.append(rng.integers(limits.min, limits.max, shape, tensor.dtype, endpoint=True))
    taken = {
        info.name: values if info.dtype == tensor.dtype else dequantize(values, tensor)
        for info, tensor, values in zip(runner.inputs, inputs, given, strict=True)
    }
    results = runner.invoke(taken)
    by_name = results if isinstance(results, dict) else {runner.outputs[0].name: results}
    expected = [
        by_name[info.name] if info.dtype == tensor.dtype else quantize(by_name[info.name], tensor)
        for info, tensor in zip(runner.outputs, outputs, strict=True)
    ]
    return given, expected

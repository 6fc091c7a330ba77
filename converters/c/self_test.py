"""The image that a program carries, and the outputs that it has to give for it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfcaps.converters.c.program import Program
from tfcaps.errors import FileFormatError, TfcapsError
from tfcaps.quantization.simulator import Simulator
from tfcaps.runtime import Interpreter
from tfcaps.runtime.batches import BatchRunner, dequantize, quantize
from tfcaps.runtime.tflite_file import TfliteFile

Images = NDArray[Any] | Mapping[str, NDArray[Any]]


@dataclasses.dataclass(frozen=True)
class SelfTest:
    """One image.

    Attributes:
        inputs: int8, in the program's order.
        outputs: int8.
        what: For people: where the image is from.
    """

    inputs: tuple[NDArray[np.int8], ...]
    outputs: tuple[NDArray[np.int8], ...]
    what: str


def make_self_test(model: TfliteFile, program: Program, images: Images | None) -> SelfTest:
    """The first of the caller's images, or noise that is always the same, with its outputs.

    Raises:
        TfcapsError: The images are not int8 of the inputs' shapes.
    """
    if images is None:
        noise = np.random.default_rng(0)
        inputs = tuple(
            noise.integers(-128, 128, program.tensors[index].shape).astype(np.int8) for index in program.inputs
        )
        what = "an image of noise"
    else:
        inputs, what = _first(program, images), "the calibration image"
    return SelfTest(inputs, reference_outputs(model, program, inputs), what)


def reference_outputs(
    model: TfliteFile, program: Program, inputs: tuple[NDArray[np.int8], ...]
) -> tuple[NDArray[np.int8], ...]:
    """TFLite Micro's int8 outputs for int8 inputs: by the simulator where it can, else by that runtime itself."""
    runner: BatchRunner
    try:
        runner = Simulator(model.data)
        found = _run(runner, program, inputs)
    except FileFormatError:
        runner = Interpreter(model.data, backend="tflm")
        found = _run(runner, program, inputs)
    return found


def _run(runner: BatchRunner, program: Program, inputs: tuple[NDArray[np.int8], ...]) -> tuple[NDArray[np.int8], ...]:
    given = {}
    for info, index, values in zip(runner.inputs, program.inputs, inputs, strict=True):
        tensor = program.tensors[index]
        given[info.name] = values if info.dtype == np.int8 else dequantize(values, tensor)
    result = runner.invoke(given if len(given) > 1 else next(iter(given.values())))
    found = list(result.values()) if isinstance(result, dict) else [result]
    outputs = []
    for index, values in zip(program.outputs, found, strict=True):
        tensor = program.tensors[index]
        whole = values if values.dtype == np.int8 else quantize(values, tensor)
        outputs.append(np.ascontiguousarray(whole.astype(np.int8).reshape(tensor.shape)))
    return tuple(outputs)


def _first(program: Program, images: Images) -> tuple[NDArray[np.int8], ...]:
    """The first image of each input."""
    if isinstance(images, Mapping):
        if set(images) != set(program.input_names):
            raise TfcapsError(f"Expected self_test images for the inputs {', '.join(program.input_names)}")
        given = [np.asarray(images[name]) for name in program.input_names]
    elif len(program.inputs) == 1:
        given = [np.asarray(images)]
    else:
        raise TfcapsError(f"Expected self_test to be a dict of the inputs {', '.join(program.input_names)}")
    first = []
    for index, values in zip(program.inputs, given, strict=True):
        shape = program.tensors[index].shape
        if values.dtype != np.int8 or values.shape[1:] != shape[1:] or values.ndim != len(shape) or not len(values):
            raise TfcapsError(
                f"Expected self_test to be int8 [n, {', '.join(map(str, shape[1:]))}], "
                f"got {values.dtype} {list(values.shape)}"
            )
        first.append(np.ascontiguousarray(values[: shape[0]]))
    return tuple(first)

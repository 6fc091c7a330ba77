"""A whole int8 model in NumPy, with the bits of the runtimes' reference kernels."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfcaps.errors import FileFormatError, TfcapsError
from tfcaps.quantization.simulator.contract import check_capsule_op
from tfcaps.quantization.simulator.ops import OPS, OpCall
from tfcaps.runtime.batches import BatchRunner, Inputs, Outputs
from tfcaps.runtime.shape_check import check_builtin_op
from tfcaps.runtime.tflite_file import read_tflite

_CHUNK = 32  # examples at a time: keeps the memory of convolutions and votes small


@dataclasses.dataclass(frozen=True)
class SimulatorRun:
    """What `Simulator.run` gives.

    Attributes:
        outputs: An array, or a dict of them by output name.
        tensors: The tensors that were kept, [n, ...] by index.
        details: By operator index: the `CapsuleDenseResult` of each TfcapsCapsuleDense, with couplings and wide v.
    """

    outputs: Outputs
    tensors: dict[int, NDArray[Any]]
    details: dict[int, Any]


class Simulator(BatchRunner):
    """Runs a .tflite in NumPy.

        simulator = Simulator("model.tflite")
        simulator.invoke(int8_images)                       # the bits of a device
        simulator.run(int8_images, keep=[7]).tensors[7]     # and what it computed on the way

    Args:
        model: The bytes of a .tflite, or its path.

    Raises:
        FileFormatError: The model is damaged, or has an operator that is not simulated.
    """

    def __init__(self, model: bytes | bytearray | str | os.PathLike[str]) -> None:
        super().__init__(read_tflite(model))
        for op in self._model.operators:
            if op.name not in OPS:
                tensor = self._model.tensors[op.outputs[0]].name
                known = ", ".join(OPS)
                raise FileFormatError(f"operator {op.name} (tensor {tensor!r}) is not simulated; known: {known}")
            check_capsule_op(op, self._model.tensors)
            check_builtin_op(op, self._model.tensors)

    def run(self, x: Inputs, keep: Iterable[int] = ()) -> SimulatorRun:
        """Runs a batch and keeps intermediate values.

        Args:
            x: Like `invoke`.
            keep: Tensor indices.

        Returns:
            The outputs, the tensors asked for, and what operators have to show.

        Raises:
            TfcapsError: A tensor that does not exist or is not computed, or inputs that are not what the model takes.
        """
        keep = tuple(keep)
        computed = set(self._model.inputs).union(*(op.outputs for op in self._model.operators))
        for index in keep:
            if index not in computed:
                raise TfcapsError(f"Expected the index of a computed tensor to keep, got {index}")
        outputs, tensors, details = self._simulate(self._by_input_type(x), keep, with_details=True)
        return SimulatorRun(self._by_output(outputs), tensors, details)

    def _run(self, given: list[NDArray[Any]]) -> list[NDArray[Any]]:
        return self._simulate(given, (), with_details=False)[0]

    def _simulate(
        self, given: list[NDArray[Any]], keep: tuple[int, ...], *, with_details: bool
    ) -> tuple[list[NDArray[Any]], dict[int, NDArray[Any]], dict[int, Any]]:
        """Chunk by chunk; outputs, kept tensors and details of all chunks joined."""
        wanted = [*self._model.outputs, *keep]
        parts: dict[int, list[NDArray[Any]]] = {index: [] for index in wanted}
        details: dict[int, list[Any]] = {}
        for start in range(0, max(1, len(given[0])), _CHUNK):
            chunk = [array[start : start + _CHUNK] for array in given]
            values, shown = self._execute(chunk)
            for index in parts:
                parts[index].append(values[index])
            if with_details:
                for number, detail in shown.items():
                    details.setdefault(number, []).append(detail)
        joined = {index: np.concatenate(arrays) for index, arrays in parts.items()}
        return (
            [joined[index] for index in self._model.outputs],
            {index: joined[index] for index in keep},
            {number: _join(found) for number, found in details.items()},
        )

    def _execute(self, given: list[NDArray[Any]]) -> tuple[dict[int, NDArray[Any]], dict[int, Any]]:
        tensors = self._model.tensors
        values: dict[int, NDArray[Any]] = dict(zip(self._model.inputs, given, strict=True))
        details: dict[int, Any] = {}
        for number, op in enumerate(self._model.operators):
            call = OpCall(
                op=op,
                values=[None if i < 0 else values.get(i, tensors[i].data) for i in op.inputs],
                inputs=[None if i < 0 else tensors[i] for i in op.inputs],
                outputs=[tensors[i] for i in op.outputs],
                batch=len(given[0]),
            )
            computed = OPS[op.name](call)
            values.update(zip(op.outputs, computed if isinstance(computed, tuple) else (computed,), strict=True))
            if call.details is not None:
                details[number] = call.details
        return values, details


def _join(parts: list[Any]) -> Any:
    """Dataclasses of arrays, joined field by field along the batch."""
    fields = [field.name for field in dataclasses.fields(parts[0])]
    return type(parts[0])(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in fields})

"""How faithful an int8 file is to its float model, and whether it still routes.

Accuracy is no proof: a capsule network whose int8 couplings are all equal loses a fifth of a point on MNIST and nobody
notices. So the couplings of the last routing iteration are compared one by one with the float ones.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from tfcaps.converters import representative, tracing
from tfcaps.errors import ModelError
from tfcaps.layers import CapsuleDense, CapsuleLength, CapsuleOp, intercept
from tfcaps.quantization import simulator
from tfcaps.runtime import Interpreter
from tfcaps.runtime.tflite_file import Operator, read_tflite

_BATCH = 50


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Figures of an int8 file against its float model.

    Attributes:
        coupling_correlation: Pearson correlation of int8 and float couplings of the last iteration, over all images,
            input and output capsules; the lowest of several capsule layers; 0 if the int8 ones are constant. None
            without a layer that routes in float.
        coupling_sum_error_lsb: Largest distance of an input capsule's int8 couplings from a sum of one, in steps of
            2^-15.
        mean_length_error: Mean |int8 - float| of the class lengths (of the first output, without capsule lengths).
        agreement: Fraction of examples with the same predicted class.
        accuracy_float: Of the float model; None without labels.
        accuracy_int8: Of the file; None without labels.
        samples: Examples compared.
    """

    coupling_correlation: float | None
    coupling_sum_error_lsb: float | None
    mean_length_error: float
    agreement: float
    accuracy_float: float | None
    accuracy_int8: float | None
    samples: int


def compare(
    model: Any,
    tflite: bytes,
    x: Any,
    y: np.ndarray | None = None,
    *,
    progress: Callable[[int], None] = lambda done: None,
) -> Comparison:
    """Compare a float Keras model with the int8 file made from it.

    Args:
        model: The Keras model (functional, sequential, or subclassed).
        tflite: The file.
        x: Float inputs [N, ...], a list of arrays or a dict by name.
        y: Class labels [N], or one-hot [N, J].
        progress: Called with the number of examples done.

    Raises:
        ModelError: If model and file have different capsule layers.
        DataError: If the data does not fit the model.
    """
    tracing.check_model(model)
    examples = representative.gather(x)
    signature = tracing.signature_of(model, examples)
    data = representative.by_name(examples, signature.names, signature.shapes, None)
    count = len(data[signature.names[0]])
    float_side = _FloatSide(signature)
    integer_side = _IntegerSide(tflite, signature)
    couplings: list[_Correlation] = []
    scores_float, scores_int8 = [], []
    for start in range(0, count, _BATCH):
        batch = {name: values[start : start + _BATCH] for name, values in data.items()}
        expected, expected_couplings = float_side.run(batch)
        actual, actual_couplings = integer_side.run(batch)
        if [c.shape for c in expected_couplings] != [c.shape for c, _ in actual_couplings]:
            raise ModelError("the model and the .tflite have different capsule layers: are they of the same network?")
        couplings = couplings or [_Correlation() for _ in expected_couplings]
        for statistics, wanted, (got, leaky) in zip(couplings, expected_couplings, actual_couplings, strict=True):
            statistics.add(wanted, got, leaky)
        if expected.shape != actual.shape:
            raise ModelError(f"the model gives {expected.shape[1:]} scores, the .tflite {actual.shape[1:]}")
        scores_float.append(expected)
        scores_int8.append(actual)
        progress(min(start + _BATCH, count))
    reference, integer = np.concatenate(scores_float), np.concatenate(scores_int8)
    labels = None if y is None else _labels(y, count)
    correlations = [r for c in couplings if (r := c.correlation()) is not None]
    return Comparison(
        coupling_correlation=min(correlations, default=None),
        coupling_sum_error_lsb=max((c.sum_error for c in couplings), default=None),
        mean_length_error=float(np.abs(reference - integer).mean()),
        agreement=float((reference.argmax(-1) == integer.argmax(-1)).mean()),
        accuracy_float=None if labels is None else float((reference.argmax(-1) == labels).mean()),
        accuracy_int8=None if labels is None else float((integer.argmax(-1) == labels).mean()),
        samples=count,
    )


def _labels(y: np.ndarray, count: int) -> np.ndarray:
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] > 1:
        labels = labels.argmax(-1)
    labels = labels.reshape(-1)
    if len(labels) != count:
        raise ModelError(f"Expected {count} labels, got {len(labels)}")
    return labels


class _FloatSide:
    """The Keras model, with its couplings."""

    def __init__(self, signature: tracing.Signature) -> None:
        self._names = signature.names

        @tf.function(input_signature=[tf.TensorSpec((None, *s), tf.float32) for s in signature.shapes], autograph=False)
        def run(*inputs: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
            couplings, lengths = [], []
            graph = tf.compat.v1.get_default_graph()

            def hook(layer: CapsuleOp, u: tf.Tensor, compute: Callable[[tf.Tensor], tf.Tensor]) -> tf.Tensor:
                if tf.compat.v1.get_default_graph() is not graph:
                    return compute(u)
                if isinstance(layer, CapsuleDense):
                    v, c = layer.route(u, return_couplings=True)
                    couplings.append(c)
                    return v
                out = compute(u)
                if isinstance(layer, CapsuleLength):
                    lengths.append(out)
                return out

            with intercept(hook):
                outputs = signature.call(inputs)
            return lengths[-1] if lengths else tf.nest.flatten(outputs)[0], couplings

        self._run = run.get_concrete_function()

    def run(self, batch: Mapping[str, np.ndarray]) -> tuple[np.ndarray, list[np.ndarray]]:
        """Scores [N, J] and the couplings [N, J, I] of each capsule layer."""
        scores, couplings = self._run(*[tf.constant(batch[name]) for name in self._names])
        return scores.numpy().astype(np.float64), [c.numpy() for c in couplings]


class _IntegerSide:
    """The file in LiteRT with reference kernels; couplings from the simulator, fed with the file's own tensors."""

    def __init__(self, tflite: bytes, signature: tracing.Signature) -> None:
        self._interpreter = Interpreter(tflite, backend="litert", preserve_all_tensors=True)
        self._file = read_tflite(tflite)
        self._names = signature.names
        self._routing = [op for op in self._file.operators if op.name == "TfcapsCapsuleDense"]
        lengths = [op for op in self._file.operators if op.name == "TfcapsLength"]
        self._scores = lengths[-1].outputs[0] if lengths else None

    def run(self, batch: Mapping[str, np.ndarray]) -> tuple[np.ndarray, list[tuple[np.ndarray, bool]]]:
        """Scores [N, J], and of each capsule layer the couplings [N, J, I] in Q15 and whether it is leaky."""
        scores, seen = [], []
        for example in self._examples(batch):
            outputs = self._interpreter(example)
            scores.append(self._score(outputs))
            seen.append([self._interpreter.tensor(op.inputs[0]) for op in self._routing])
        couplings = []
        for k, op in enumerate(self._routing):
            params = simulator.CapsuleDenseParams.from_options(op.custom_options)
            kernel, bias = self._constant(op, 1), self._constant(op, 2)
            assert kernel is not None  # the interpreter has checked the operator
            u = np.concatenate([example[k] for example in seen])
            capsules = self._file.tensors[op.outputs[0]].shape[1]
            result = simulator.capsule_dense(u, kernel, bias, params, capsules)
            couplings.append((result.couplings, bool(params.leaky)))
        return np.concatenate(scores), couplings

    def _constant(self, op: Operator, position: int) -> np.ndarray | None:
        given = position < len(op.inputs) and op.inputs[position] >= 0
        return self._file.tensors[op.inputs[position]].data if given else None

    def _examples(self, batch: Mapping[str, np.ndarray]) -> Iterator[Any]:
        for n in range(len(batch[self._names[0]])):
            arrays = [batch[name][n : n + 1] for name in self._names]
            own = [info.name for info in self._interpreter.inputs]
            yield arrays[0] if len(arrays) == 1 else dict(zip(own, arrays, strict=True))

    def _score(self, outputs: Any) -> np.ndarray:
        if self._scores is None:
            first = next(iter(outputs.values())) if isinstance(outputs, dict) else outputs
            return first.astype(np.float64)
        info = self._file.tensors[self._scores]
        return (self._interpreter.tensor(self._scores).astype(np.float64) - info.zero_point) * info.scale


class _Correlation:
    """Pearson correlation of float and integer couplings, batch by batch."""

    def __init__(self) -> None:
        self._sums = np.zeros(6)
        self.sum_error = 0.0

    def add(self, reference: np.ndarray, integers: np.ndarray, leaky: bool) -> None:
        """Take in couplings [N, J, I]: float, and integers in Q15."""
        a = reference.astype(np.float64).ravel()
        b = integers.astype(np.float64).ravel() / 2.0**15
        self._sums += [a.size, a.sum(), b.sum(), a @ a, b @ b, a @ b]
        excess = integers.sum(axis=1) - 2**15
        self.sum_error = max(self.sum_error, float((excess if leaky else np.abs(excess)).max(initial=0)))

    def correlation(self) -> float | None:
        """The correlation so far; None if the float side is constant, 0 if the integer side is."""
        n, a, b, aa, bb, ab = self._sums
        variance_a, variance_b = aa - a * a / n, bb - b * b / n
        if variance_a <= 1e-12 * n:
            return None
        if variance_b <= 1e-12 * n:
            return 0.0
        return float((ab - a * b / n) / np.sqrt(variance_a * variance_b))

"""`CapsuleDense` -> TfcapsCapsuleDense: kernel, multipliers and the shifts that keep every sum in its word."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tfcaps.converters.ops.base import LOWERINGS, POSE, Call, Constant, CustomOp, Quantization
from tfcaps.errors import ConversionError
from tfcaps.quantization.simulator.params import CapsuleDenseParams
from tfcaps.routing import Dynamic

_SUM_BITS = 12  # of s
_POSE_BITS = 15  # of v inside the operator
_LOG2_E = math.log2(math.e)
_LARGEST_SHIFT = 62  # of the options; a layer so small that it would need more gives capsules of length zero


class CapsuleDenseLowering:
    """See `tfcaps.converters.ops.base.Lowering`; arithmetic in docs/numerics.md."""

    def weights(self, layer: Any) -> dict[str, Any]:
        """Kernel [I*K, J*D], bias [J, D] and, under QAT, the trained limits [J*D] of the kernel's columns."""
        named = {"kernel": layer.kernel, "bias": layer.bias, "limit": getattr(layer, "kernel_limit", None)}
        return {name: value for name, value in named.items() if value is not None}

    def output_range(self, call: Call) -> tuple[float, float]:
        """The whole range of a pose."""
        return -1.0, 127 / 128

    def lower(self, call: Call, source: Quantization, *, from_squash: bool) -> CustomOp:
        """Quantise the kernel per (j, d) and derive the options."""
        layer = call.layer
        routing = layer.routing
        if not isinstance(routing, Dynamic):
            raise ConversionError(
                f"CapsuleDense {layer.name!r}: routing {routing!r} has no integer kernel; Dynamic routing has one"
            )
        count, dim = call.inputs.shape[1:]
        kernel, scales = quantize_kernel(call.weights["kernel"], call.weights.get("limit"))
        kernel = kernel.reshape(count, dim, -1).transpose(0, 2, 1)  # [I, J*D, K]: a vote is a dot product of neighbours
        vote_shift = _vote_shift(kernel, source, from_squash)
        unit = source.scale * scales * 2.0**vote_shift
        exponent = min(31 - math.frexp(unit.max())[1], _LARGEST_SHIFT + _SUM_BITS)
        multiplier = np.minimum(np.round(unit * 2.0**exponent), 2**31 - 1).astype(np.int64)
        logit_bits = self._logit_bits(call, unit, source, from_squash)
        params = CapsuleDenseParams(
            input_zero_point=source.zero_point,
            iterations=routing.iterations,
            leaky=int(routing.leaky),
            vote_shift=vote_shift,
            multiplier=multiplier,
            sum_shift=exponent - _SUM_BITS,
            logit_shift=exponent + _POSE_BITS - logit_bits,
            logit_bits=logit_bits,
        )
        constants = [Constant(f"{layer.name}/kernel", kernel, scales, axis=1)]
        if "bias" in call.weights:
            bias = np.round(call.weights["bias"].reshape(-1).astype(np.float64) * 2**_SUM_BITS)
            constants.append(Constant(f"{layer.name}/bias", np.clip(bias, -(2**31), 2**31 - 1).astype(np.int32)))
        return CustomOp("TfcapsCapsuleDense", params.to_options(), POSE, constants)

    @staticmethod
    def _logit_bits(call: Call, unit: np.ndarray, source: Quantization, from_squash: bool) -> int:
        """The most fraction bits with which V fits 16 bits and the logits fit 31."""
        layer = call.layer
        count, dim = call.inputs.shape[1:]
        passes = max(1, layer.routing.iterations - 1)
        matrices = call.weights["kernel"].astype(np.float64).reshape(count, dim, layer.num_capsules, layer.dim)
        largest = 1 + math.sqrt(dim) / 256 if from_squash else 255 * source.scale * math.sqrt(dim)
        agreement = np.sqrt((matrices**2).sum(axis=(1, 3))).max(initial=1e-9) * largest * passes * _LOG2_E
        bits = min(
            math.floor(math.log2(32767 / (unit.max() * passes * _LOG2_E))),
            math.floor(math.log2((2**31 - 1) / (1.1 * agreement))),
            30,
        )
        if bits < 8:
            raise ConversionError(
                f"CapsuleDense {layer.name!r}: its weights are too large for integer routing "
                f"(logits up to {agreement:.3g})"
            )
        return bits


def quantize_kernel(kernel: np.ndarray, limit: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Quantise a kernel [I*K, J*D] symmetrically with one scale per column.

    Args:
        kernel: Float weights.
        limit: Absolute maximum of each column's range, [J*D]; default that of the weights. A column far below all
            others (a pruned output, say) gets a floor, as its scale has to fit the common exponent.

    Returns:
        (int8 weights in -127 ... 127 of the same shape, float64 scales [J*D]).
    """
    limit = np.abs(kernel).max(axis=0) if limit is None else np.abs(limit)
    limit = np.maximum(limit.astype(np.float64), max(float(limit.max()), 1e-6) * 2.0**-12)
    scales = limit / 127
    return np.clip(np.round(kernel / scales), -127, 127).astype(np.int8), scales


def _vote_shift(kernel: np.ndarray, source: Quantization, from_squash: bool) -> int:
    """The smallest shift that brings every possible vote [of kernel rows (I, J*D, K)] into 16 bits."""
    rows = np.abs(kernel.astype(np.int64))
    largest = max(127 - source.zero_point, 128 + source.zero_point)
    bound = int(rows.sum(axis=-1).max()) * largest
    if from_squash:
        norm = math.sqrt(float((rows**2).sum(axis=-1).max()))
        bound = min(bound, math.ceil(norm * (128 + math.sqrt(kernel.shape[-1]) / 2)))
    shift = 0
    while (bound + (1 << shift >> 1)) >> shift > 32767:
        shift += 1
    return shift


LOWERINGS.register("CapsuleDense")(CapsuleDenseLowering())

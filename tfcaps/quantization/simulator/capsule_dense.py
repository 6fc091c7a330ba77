"""TfcapsCapsuleDense in integers: votes and dynamic routing. Specification: docs/numerics.md.

Integers that pass through a matrix product are carried in float64, where every sum below 2^53 is exact. The largest
here is a logit, 256 products of two int16; votes stay below 2^26.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from tfcaps.errors import FileFormatError
from tfcaps.quantization.simulator.fixed_point import Ints, clz, isqrt, requantise, rshift, sat, sat16, wrap32
from tfcaps.quantization.simulator.params import CapsuleDenseParams

_CENTRE = 512  # of the table, where the exponential of a logit of zero is
_TABLE = np.round(2.0 ** (13 + (np.arange(2 * _CENTRE) - _CENTRE + 0.5) / 256)).astype(np.int64)
_LOGIT_BITS = 24  # of b, unless the options want fewer
_STEP_BITS = 8  # of the logits as the table sees them
_VOTES_IN_FLIGHT = 1 << 20  # limits the memory of one pass to some 30 MB


@dataclasses.dataclass(frozen=True)
class CapsuleDenseResult:
    """What one run gives, and what it can be judged by.

    Attributes:
        output: int8 [N, J, D], scale 1/128.
        v: int64 [N, J, D], the same before its last rounding, Q15.
        couplings: int64 [N, J, I], those of the last iteration, rounded to Q15 so that their sum stays what it is;
            without routing (one iteration) all 1/J.
    """

    output: NDArray[np.int8]
    v: Ints
    couplings: Ints


def capsule_dense(
    u: NDArray[np.int8],
    kernel: NDArray[np.int8],
    bias: NDArray[np.int32] | None,
    params: CapsuleDenseParams,
    capsules: int,
) -> CapsuleDenseResult:
    """Routes input capsules to output capsules.

    Args:
        u: int8 [N, I, K].
        kernel: int8 [I, J * D, K].
        bias: int32 [J * D] in Q12, or None.
        params: The operator's options.
        capsules: J.

    Returns:
        The output capsules, their wide values and the last couplings.

    Raises:
        FileFormatError: The shapes or the number of multipliers do not fit each other.
    """
    outputs = params.multiplier.size
    if u.shape[1:] != (kernel.shape[0], kernel.shape[2]) or kernel.shape[1] != outputs or outputs % capsules:
        raise FileFormatError(
            f"TfcapsCapsuleDense: expected input [N, I, K], kernel [I, J * D, K] and {outputs} = J * D multipliers, "
            f"got input {list(u.shape)}, kernel {list(kernel.shape)} and J = {capsules}"
        )
    transformations = kernel.transpose(0, 2, 1).astype(np.float64)
    chunk = max(1, _VOTES_IN_FLIGHT // (kernel.shape[0] * outputs))
    parts = [
        _route(_votes(u[n : n + chunk], transformations, params, capsules), bias, params)
        for n in range(0, len(u), chunk)
    ] or [_route(np.zeros((0, capsules, kernel.shape[0], outputs // capsules)), bias, params)]
    v = np.concatenate([part[0] for part in parts])
    couplings = np.concatenate([part[1] for part in parts])
    return CapsuleDenseResult(np.minimum((v + 128) >> 8, 127).astype(np.int8), v, couplings)


def _votes(
    u: NDArray[np.int8], transformations: NDArray[np.float64], params: CapsuleDenseParams, capsules: int
) -> NDArray[np.float64]:
    """The votes h [N, J, I, D] before they become 16 bits, integers in float64; transformations [I, K, J * D]."""
    by_input = (u.astype(np.float64) - params.input_zero_point).transpose(1, 0, 2)
    sums = np.matmul(by_input, transformations)  # [I, N, J * D]
    h = np.floor(sums / 2**params.vote_shift + (0.5 if params.vote_shift else 0))
    return np.ascontiguousarray(h.reshape(*h.shape[:2], capsules, -1).transpose(1, 2, 0, 3))


def _route(h: NDArray[np.float64], bias: NDArray[np.int32] | None, params: CapsuleDenseParams) -> tuple[Ints, Ints]:
    """The output v [N, J, D] and the last couplings [N, J, I], both Q15, from votes h [N, J, I, D]."""
    batches, capsules, inputs, dimension = h.shape
    multiplier = params.multiplier.reshape(capsules, dimension)
    offset = 0 if bias is None else bias.astype(np.int64).reshape(capsules, dimension)
    share = 2**31 // (capsules + params.leaky)
    narrow = max(9, (inputs - 1).bit_length() - 1)  # n: couplings have 31 - n fraction bits
    state = np.zeros((batches, capsules, dimension), np.int64)
    couplings = np.full((batches, capsules, inputs), (share + 2**15) >> 16, np.int64)
    for iteration in range(params.iterations):
        if iteration == 0:
            a, shift = rshift(share * wrap32(h.sum(axis=2).astype(np.int64)), 31), params.sum_shift
            h = ((h + 2**15) % 2**16) - 2**15
        else:
            wide = _couplings(_logits(h, state, multiplier, params), narrow, params)
            products = (wide[..., None] * h.astype(np.int64)) >> 16
            a, shift = wrap32(products.sum(axis=2) + (inputs >> 1)), min(params.sum_shift + 15 - narrow, 62)
            couplings = np.diff(rshift(np.cumsum(wide, axis=1), 16 - narrow), axis=1, prepend=0)
        v = _squash(sat(requantise(a, multiplier, shift) + offset, -(2**20), 2**20))
        state += v
    return v, couplings


def _logits(h: NDArray[np.float64], state: Ints, multiplier: Ints, params: CapsuleDenseParams) -> Ints:
    """The logits b [N, J, I] in base 2 with at most 24 fraction bits."""
    shift = min(params.logit_shift + max(0, params.logit_bits - _LOGIT_BITS), 62)
    scaled = sat16(requantise((state * 47274) >> 15, multiplier, shift))
    return wrap32(np.matmul(h, scaled[..., None].astype(np.float64))[..., 0].astype(np.int64))


def _couplings(b: Ints, narrow: int, params: CapsuleDenseParams) -> Ints:
    """The couplings c [N, J, I] with 31 - n fraction bits: the softmax of b over the output capsules."""
    if params.leaky:
        b = np.concatenate([b, np.zeros_like(b[:, :1])], axis=1)
    e = _exps(b, min(params.logit_bits, _LOGIT_BITS) - _STEP_BITS)
    total = e.sum(axis=1, keepdims=True)
    k = clz(total)
    reciprocal = (2**32 - 1) // ((total << k) >> 15)
    if params.leaky:
        e = e[:, :-1]
    guard = 7 if e.shape[1] > 1 << (16 - narrow) else 0
    p = np.cumsum((e * reciprocal) >> (16 + narrow - k - guard), axis=1)
    return np.diff(p >> guard, axis=1, prepend=0)


def _exps(b: Ints, shift: int) -> Ints:
    """Powers of two of the logits [N, J, I], relative to that of zero or, where one is too far off, of the largest."""
    x = (b >> shift) + _CENTRE
    t = ((b.max(axis=1, keepdims=True) - b + (1 << shift >> 1)) & (2**32 - 1)) >> shift
    near = np.all((x >= 0) & (x < _TABLE.size), axis=1, keepdims=True)
    below = _TABLE[_TABLE.size - 1 - t % _TABLE.size] >> np.minimum(4 * (t // _TABLE.size), 63)
    return np.where(near, _TABLE[np.clip(x, 0, _TABLE.size - 1)], below)


def _squash(s: Ints) -> Ints:
    """The output v [..., D] in Q15 from s [..., D] in Q12."""
    g = 15 - next(m for m in range(5) if 4**m >= s.shape[-1])
    bits = 32 - clz(np.abs(s).max(axis=-1, keepdims=True))
    x = np.maximum(0, bits - g)
    t = s >> x
    n2 = np.sum(t * t, axis=-1, keepdims=True)
    den = n2 + (1 << (24 - 2 * x))
    k = clz(den)
    gain = (isqrt(n2) << 15) // ((den << k) >> 16)
    return sat16((t * gain + (1 << (15 - k))) >> (16 - k))

"""Calls of capsule kernels with the simulator's answers, and the bytes of them that kernel_calls.c reads."""

from dataclasses import dataclass

import numpy as np
from tiny_models import dense_params, length_params, planted_routing, replace

from tfcaps.converters.c.layouts.paired_capsules import pair_words
from tfcaps.quantization.simulator import CapsuleDenseParams, SquashParams, capsule_dense, length, squash

SQUASH, LENGTH, DENSE, PAIRED = 1, 2, 3, 4
SQUASHES = (
    *((1, 1, 0), (9, 4, -128), (33, 8, 7), (3, 17, 127), (2, 65, 0)),
    *((40, 4, -5), (40, 4, 127), (7, 12, 3), (5, 16, -128), (3, 20, -1), (2, 64, 0), (2, 68, 127), (1, 256, -128)),
)
LENGTHS = (
    *((10, 6, 0, -128), (1, 16, 5, 0), (7, 64, -128, 127), (2, 256, 0, 3), (1, 4, 0, -128), (2, 5, 9, -128)),
    *((3, 8, 127, 5), (40, 3, -7, -128), (67, 17, 0, -128), (33, 1, 1, -100)),
)
LENGTH_SHIFTS = (1, 9, 17, 18, 25, 31, 32, 33, 34, 48, 62)
DENSE_KEYS = ("input_zero_point", "iterations", "leaky", "vote_shift", "sum_shift", "logit_shift", "logit_bits")


@dataclass
class Call:
    name: str
    words: bytes
    expected: np.ndarray


def pack(*parts):
    """Integers as 32-bit words; int8 arrays padded to them."""
    packed = []
    for part in parts:
        array = np.atleast_1d(np.asarray(part))
        if array.dtype == np.int8:
            packed.append(array.tobytes() + b"\0" * (-array.size % 4))
        else:
            packed.append(array.astype(np.int64).astype("<u4").tobytes())
    return b"".join(packed)


def int8(rng, *shape):
    return rng.integers(-128, 128, shape).astype(np.int8)


def squash_call(rng, capsules, dimension, zero_point):
    data = int8(rng, capsules, dimension)
    params = SquashParams(zero_point, int(2 ** rng.uniform(0, 20)))
    words = pack(SQUASH, zero_point, params.inverse_square_scale, capsules, dimension, data)
    return Call(f"squash {capsules}x{dimension}", words, squash(data, params))


def length_call(rng, capsules, dimension, zero_point, zero_point_out, shift=None):
    """Any lengths, or with a shift and a multiplier that lets them pass, as far as there is one."""
    data = int8(rng, capsules, dimension)
    params = length_params(dimension, 2 ** rng.uniform(-9, -5), 1 / 128, zero_point, zero_point_out)
    if shift is not None:
        multiplier = int(np.clip(2.0 ** (shift - rng.uniform(7, 9)), 1, 2**31 - 1))
        params = replace(params, multiplier=multiplier, shift=shift)
    fields = [zero_point, zero_point_out, params.multiplier, params.shift, capsules, dimension]
    return Call(
        f"length {capsules}x{dimension}, shift {params.shift}", pack(LENGTH, *fields, data), length(data, params)
    )


def dense_call(name, u, kernel, bias, params: CapsuleDenseParams, capsules, *, keep=False, paired=False):
    dims = [*u.shape, capsules, kernel.shape[1] // capsules, int(bias is not None), int(keep)]
    parts = [getattr(params, key) for key in DENSE_KEYS] + dims + ([] if bias is None else [bias])
    laid_out = pair_words(kernel, capsules) if paired else kernel
    words = pack(PAIRED if paired else DENSE, *parts, params.multiplier, u, laid_out)
    expected = capsule_dense(u, kernel, bias, params, capsules).output
    return Call(f"{name} keep {keep} paired {paired}", words, expected)


def random_dense(rng, *, batch=1, wild=False, keep=False, paired=False, shape=None, shift=0):
    """Any layer, or one of inputs x depth to capsules x dimension."""
    inputs, depth = int(rng.integers(1, 40)), int(rng.choice([4, 8, 16] if paired else [1, 3, 4, 7, 8, 16]))
    capsules, dimension = int(rng.integers(1, 11)), int(rng.choice([1, 2, 4, 6, 8, 16, 17]))
    inputs, depth, capsules, dimension = shape or (inputs, depth, capsules, dimension)
    outputs = capsules * dimension
    options = {"iterations": int(rng.choice([1, 2, 3, 5])), "leaky": int(rng.integers(0, 2))}
    options["zero_point"] = int(rng.choice([0, -128, 5, 127]))
    bias = rng.integers(-4096, 4096, outputs).astype(np.int32) if rng.integers(0, 2) else None
    params = dense_params(rng, outputs, capsules=capsules, inputs=inputs, depth=depth, **options)
    if wild:
        params = replace(params, multiplier=rng.integers(0, 2**31, outputs), logit_bits=int(rng.integers(8, 31)))
    if paired or shape:
        params = replace(params, vote_shift=shift, logit_bits=max(24, params.logit_bits))
    name = f"dense {batch}x{inputs}x{depth} to {capsules}x{dimension} {options} bias {bias is not None} wild {wild}"
    u = int8(rng, batch, inputs, depth)
    if shape and keep:  # as short as a squash makes them: quicker routines are made for such ones
        u, params = u // 2, replace(params, input_zero_point=0)
    kernel = np.maximum(int8(rng, inputs, outputs, depth), -127 if paired else -128)
    return dense_call(name, u, kernel, bias, params, capsules, keep=keep, paired=paired)


def long_and_short_capsules(rng):
    """Input capsules as short as squashed ones, for which there are quicker routines, between others."""
    params = dense_params(rng, 18, capsules=3, inputs=8, depth=4, zero_point=0, iterations=3)
    params = replace(params, vote_shift=0, logit_bits=max(24, params.logit_bits))
    u = int8(rng, 1, 8, 4)
    u[:, [2, 3, 6, 7]] //= 2
    return dense_call("long and short capsules", u, int8(rng, 8, 18, 4) // 4, None, params, 3)


def longest_votes(rng):
    """Input capsules almost as long as any squashed one, with weights that give the largest votes they can."""
    u = np.array([[127, 15, 4, 2], [-64, -64, -64, -63], [63, 64, 64, 64], [-127, 0, 15, -5]], np.int8)
    kernel = np.where(u[:, None] < 0, -128, 127) * np.array([1, -1] * 3)[:, None]
    params = replace(dense_params(rng, 6, capsules=2, inputs=4, depth=4, zero_point=0), vote_shift=0)
    return dense_call("longest votes", u[None], np.clip(kernel, -128, 127).astype(np.int8), None, params, 2)


def all_calls():
    """The same calls every time: a little of everything, and routing whose result depends on its iterations."""
    rng = np.random.default_rng(11)
    calls = [squash_call(rng, n, d, z) for n, d, z in SQUASHES]
    calls += [length_call(rng, *length) for length in LENGTHS]
    calls += [length_call(rng, 9, 6, 3, -128, shift) for shift in LENGTH_SHIFTS]
    calls += [random_dense(rng, batch=1 + n % 2, wild=n % 4 == 3, keep=n % 3 == 1) for n in range(16)]
    calls += [random_dense(rng, batch=1 + n % 2, wild=n % 4 == 3, keep=n % 3 == 1, paired=True) for n in range(8)]
    for shape in ((70, 4, 10, 6), (133, 4, 2, 6), (3, 4, 5, 5), (8, 4, 1, 6), (1, 4, 3, 6), (9, 8, 5, 6), (9, 4, 6, 6)):
        for keep in (False, True):
            calls += [random_dense(rng, keep=keep, paired=paired, shape=shape) for paired in (False, True)]
    for shape in ((8, 4, 10, 8), (7, 4, 3, 16), (1, 4, 5, 8), (9, 4, 5, 4), (6, 4, 7, 12), (8, 4, 4, 10), (5, 4, 3, 2)):
        calls += [random_dense(rng, wild=wild, keep=wild, shape=shape) for wild in (False, True)]
    calls.append(random_dense(rng, keep=True, shape=(4, 4, 130, 2)))  # so many couplings carry what is cut off
    calls.append(longest_votes(rng))
    calls.append(long_and_short_capsules(rng))
    for shape in ((3, 8, 3, 16), (5, 8, 3, 8), (1, 8, 5, 4), (4, 8, 2, 12)):
        for shift in (0, 1):
            calls += [random_dense(rng, wild=wild, keep=wild, shape=shape, shift=shift) for wild in (False, True)]
    for iterations in (1, 3):
        u, kernel, params = planted_routing(iterations)
        for keep in (False, True):
            calls.append(dense_call(f"planted, {iterations} iterations", u, kernel, None, params, 2, keep=keep))
    return calls

"""Custom options: round trips, and bytes that mean no good; the C reader accepts exactly what Python's does."""

import kernels
import numpy as np
import pytest
from flatbuffers import flexbuffers
from hypothesis import given, settings
from hypothesis import strategies as st

from tfcaps.errors import FileFormatError
from tfcaps.quantization.simulator import CapsuleDenseParams, LengthParams, SquashParams
from tfcaps.quantization.simulator.flex_map import write

OPS = {"squash": SquashParams, "length": LengthParams, "capsule_dense": CapsuleDenseParams}
EXAMPLES = {
    "squash": SquashParams(-3, 640),
    "length": LengthParams(1, 2**30, 40, -128),
    "capsule_dense": CapsuleDenseParams(0, 3, 1, 2, np.array([5, 2**31 - 1, 0, 2**30]), 40, 38, 20),
}


def fields(params):
    return {key: getattr(params, key) for key in params.RANGES}


def same(params, native):
    return all(np.array_equal(value, native[key]) for key, value in fields(params).items())


def parameters(op):
    ranges = {key: st.integers(*limits) for key, limits in OPS[op].RANGES.items()}
    if op == "capsule_dense":
        elements = st.lists(ranges["multiplier"], min_size=1, max_size=20)
        ranges["multiplier"] = elements.map(lambda values: np.array(values, np.int64))
    return st.builds(OPS[op], **ranges)


@pytest.mark.parametrize("op", OPS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_options_come_back(op, data):
    params = data.draw(parameters(op))
    options = params.to_options()
    assert OPS[op].from_options(options) == params
    assert hash(OPS[op].from_options(options)) == hash(params)
    status, _, native = kernels.read_options(op, options)
    assert status == kernels.OK
    assert same(params, native)


@pytest.mark.parametrize("op", OPS)
def test_options_of_any_width_are_read(op):
    """As another writer may pack them: as narrow as the values allow, or 64 bits wide."""
    for width in (flexbuffers.BitWidth.W8, flexbuffers.BitWidth.W16, flexbuffers.BitWidth.W64):
        for kind in (flexbuffers.Type.INT, flexbuffers.Type.UINT):
            builder = flexbuffers.Builder(force_min_bit_width=width)
            with builder.Map():
                for key, value in {"version": 1, "unknown": 9, **fields(EXAMPLES[op])}.items():
                    builder.Key(key)
                    if isinstance(value, np.ndarray):
                        builder.TypedVectorFromElements([int(v) for v in value], kind)
                    else:
                        builder.Int(value)
            options = bytes(builder.Finish())
            assert OPS[op].from_options(options) == EXAMPLES[op]
            status, _, native = kernels.read_options(op, options)
            assert status == kernels.OK
            assert same(EXAMPLES[op], native)


def both_refuse(op, options, key):
    with pytest.raises(FileFormatError, match=f"{OPS[op].OP}: .*{key}") as caught:
        OPS[op].from_options(options)
    assert "\n" not in str(caught.value)
    status, at_fault, _ = kernels.read_options(op, options)
    assert status == kernels.ERROR_OPTIONS
    assert at_fault == key.encode()


@pytest.mark.parametrize("op", OPS)
def test_values_out_of_range_are_refused(op):
    good = {"version": 1, **fields(EXAMPLES[op])}
    for key in good:
        both_refuse(op, write({k: v for k, v in good.items() if k != key}), key)
        low, high = OPS[op].RANGES.get(key, (1, 1))
        for value in (low - 1, high + 1, 2**62, -(2**62)):
            wrong = np.array([0, value]) if isinstance(good[key], np.ndarray) else value
            both_refuse(op, write_wide({**good, key: wrong}), key)
        both_refuse(op, write({**good, key: 1 if isinstance(good[key], np.ndarray) else np.array([1])}), key)


def write_wide(values):
    builder = flexbuffers.Builder()
    with builder.Map():
        for key, value in values.items():
            builder.Key(key)
            if isinstance(value, np.ndarray):
                builder.TypedVectorFromElements([int(v) for v in value], flexbuffers.Type.INT)
            else:
                builder.Int(value)
    return bytes(builder.Finish())


def test_a_message_says_what_is_expected():
    with pytest.raises(FileFormatError, match=r"^TfcapsSquash: option 'input_zero_point' is 200, expected an integer"):
        SquashParams(200, 1)
    with pytest.raises(
        FileFormatError, match=r"'multiplier' is .*expected a vector of integers, each in 0 \.\.\. 2147"
    ):
        CapsuleDenseParams(0, 3, 0, 0, [1.5], 40, 40, 20)


@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("seed", range(4))
def test_mutated_options_mean_the_same_to_both_readers(op, seed):
    rng = np.random.default_rng(seed)
    good = EXAMPLES[op].to_options()
    accepted = 0
    for _ in range(1000):
        data = bytearray(good)
        for _ in range(rng.integers(1, 4)):
            data[rng.integers(0, len(data))] = rng.choice([0, 1, 2, 4, 8, 127, 255, rng.integers(0, 256)])
        if rng.integers(0, 4) == 0:
            data = data[: rng.integers(0, len(data))] if rng.integers(0, 2) else data[rng.integers(0, len(data)) :]
        accepted += agree(op, bytes(data))
    assert accepted


@pytest.mark.parametrize("op", OPS)
@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=80))
def test_random_options_mean_the_same_to_both_readers(op, data):
    agree(op, data)


def agree(op, data):
    """Whether both readers accept; they have to say the same, and Python in nothing but FileFormatError."""
    try:
        params = OPS[op].from_options(data)
    except FileFormatError:
        params = None
    status, _, native = kernels.read_options(op, data)
    if not data:
        assert params is None
        return False
    assert (params is not None) == (status == kernels.OK)
    assert params is None or same(params, native)
    return params is not None


def test_a_count_beyond_the_bytes_ends_at_once():
    good = bytearray(EXAMPLES["squash"].to_options())
    for width in (4, 8):
        for start in range(0, len(good) - width):
            data = bytearray(good)
            data[start : start + width] = b"\xff" * (width - 1) + b"\x7f"
            agree("squash", bytes(data))

"""Every kernel refuses what it cannot do, with a status and without touching its output."""

import ctypes as c

import kernels as k
import numpy as np
import pytest
from tiny_models import dense_params

LIBRARY = k.LIBRARY


def capsules_call(function, params, capsules=2, dimension=4, *, null=None):
    data, out = np.zeros(8, np.int8), np.full(8, 99, np.int8)
    arguments = [c.byref(params), c.byref(k.CapsulesDims(capsules, dimension)), k.pointer(data), k.pointer(out)]
    if null is not None:
        arguments[null] = None
    status = getattr(LIBRARY, function)(*arguments)
    assert status == k.OK or np.all(out == 99)
    return status


def test_squash_checks_its_arguments():
    def call(zero_point=0, inverse=640, **kwargs):
        return capsules_call("tfcaps_squash_s8", k.Squash(zero_point, inverse), **kwargs)

    assert call() == k.OK
    assert call(capsules=0) == k.OK
    assert call(inverse=2**31) == k.OK
    assert {call(null=n) for n in range(4)} == {k.ERROR_NULL}
    assert {call(zero_point=z) for z in (-129, 128, 2**31 - 1)} == {k.ERROR_RANGE}
    assert {call(inverse=i) for i in (0, 2**31 + 1, 2**32 - 1)} == {k.ERROR_RANGE}
    assert {call(capsules=n) for n in (-1, -(2**31))} == {k.ERROR_DIMS}
    assert {call(dimension=d) for d in (0, -1, 257, 2**31 - 1)} == {k.ERROR_DIMS}


def test_length_checks_its_arguments():
    def call(zero_point=0, zero_point_out=0, multiplier=1, shift=1, **kwargs):
        return capsules_call("tfcaps_length_s8", k.Length(zero_point, zero_point_out, multiplier, shift), **kwargs)

    assert call() == k.OK
    assert {call(null=n) for n in range(4)} == {k.ERROR_NULL}
    assert {call(zero_point=128), call(zero_point_out=-129), call(multiplier=-1)} == {k.ERROR_RANGE}
    assert {call(shift=0), call(shift=63)} == {k.ERROR_RANGE}
    assert {call(dimension=0), call(dimension=257), call(capsules=-1)} == {k.ERROR_DIMS}


class Layer:
    """A call of capsule_dense of which a test can spoil one thing."""

    function = "tfcaps_capsule_dense_s8"
    passes: tuple = ()  # arguments before the scratch memory
    sizes: tuple = ()  # and behind the dimensions

    def __init__(self):
        self.params = dense_params(np.random.default_rng(0), 6, capsules=3, inputs=4, depth=5)
        self.native = k.dense_params(self.params)
        self.dims = k.DenseDims(1, 4, 5, 3, 2)
        self.scratch = k.aligned(256)
        self.context = k.Context(self.scratch.ctypes.data, 136)
        self.out = np.full(6, 99, np.int8)
        self.data = [np.zeros(20, np.int8), np.zeros(120, np.int8), None, self.out]

    def run(self, null=None):
        arguments = [*self.passes, c.byref(self.context), c.byref(self.native), c.byref(self.dims), *self.sizes]
        arguments += map(k.pointer, self.data)
        if null is not None:
            arguments[null] = None
        status = getattr(LIBRARY, self.function)(*arguments)
        assert status == k.OK or np.all(self.out == 99)
        return status


def test_capsule_dense_runs_in_exactly_the_scratch_it_asks_for():
    layer = Layer()
    need = k.SIZE()
    assert LIBRARY.tfcaps_capsule_dense_s8_get_buffer_size(c.byref(layer.dims), c.byref(need)) == k.OK
    assert need.value == 160  # 22 * 6 + 8 * 3, rounded up to 8
    layer.context.size = need.value
    assert layer.run() == k.OK
    assert np.all(layer.scratch[160:] == 0x5A)
    layer = Layer()
    layer.context.size = 159
    assert layer.run() == k.ERROR_SCRATCH
    layer = Layer()
    layer.context.buf += 4
    assert layer.run() == k.ERROR_SCRATCH


def test_capsule_dense_keeps_votes_in_exactly_the_scratch_it_asks_for():
    layer = Layer()
    need = k.SIZE()
    assert LIBRARY.tfcaps_capsule_dense_s8_kept_get_buffer_size(c.byref(layer.dims), c.byref(need)) == k.OK
    assert need.value == 160 + 2 * 4 * 6
    for size, keeps in ((need.value - 1, False), (need.value, True), (need.value + 8, True)):
        layer = Layer()
        layer.context.size = size
        assert layer.run() == k.OK
        assert np.all(layer.scratch[need.value :] == 0x5A)
        assert np.all(layer.scratch[160 : need.value] == 0x5A) == (not keeps)


def test_capsule_dense_refuses_null():
    assert {Layer().run(null=n) for n in (0, 1, 2, 3, 4, 6)} == {k.ERROR_NULL}
    layer = Layer()
    layer.context.buf = None
    assert layer.run() == k.ERROR_NULL
    layer = Layer()
    layer.native.multiplier = None
    assert layer.run() == k.ERROR_NULL


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("input_zero_point", (-129, 128)),
        ("iterations", (0, -1, 17)),
        ("leaky", (-1, 2)),
        ("vote_shift", (-1, 17)),
        ("sum_shift", (0, 63, -(2**31))),
        ("logit_shift", (0, 63)),
        ("logit_bits", (7, 31)),
        ("multiplier_count", (5, 7, -1)),
    ],
)
def test_capsule_dense_refuses_parameters_out_of_range(field, values):
    for value in values:
        layer = Layer()
        setattr(layer.native, field, value)
        assert layer.run() == k.ERROR_RANGE


def test_capsule_dense_refuses_negative_multipliers():
    layer = Layer()
    layer.native.multiplier[5] = -1
    assert layer.run() == k.ERROR_RANGE


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("batches", (-1,)),
        ("input_capsules", (0, 65536, 2**31 - 1)),
        ("input_dimension", (0, 1025)),
        ("output_capsules", (0, 4097, -(2**31))),
        ("output_dimension", (0, 257)),
    ],
)
def test_capsule_dense_refuses_dimensions_out_of_range(field, values):
    for value in values:
        layer = Layer()
        setattr(layer.dims, field, value)
        assert layer.run() == k.ERROR_DIMS


PAIRED = ("tfcaps_capsule_dense_paired_s8", "tfcaps_capsule_dense_paired_kept_s8")


class PairedLayer(Layer):
    """The same with weights in pairs: three output capsules of two outputs, four inputs of K = 8."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.params = dense_params(np.random.default_rng(0), 6, capsules=3, inputs=4, depth=8, iterations=2)
        self.native = k.dense_params(self.params)
        self.native.vote_shift, self.native.logit_bits = 0, 24
        self.dims = k.DenseDims(1, 4, 8, 3, 2)
        self.context.size = 160 + 48 * ("kept" in function)  # 2 bytes a vote, of 4 inputs for 6 outputs
        self.data = [np.zeros(32, np.int8), np.zeros(48, np.int32), None, self.out]


@pytest.mark.parametrize("function", PAIRED)
class TestPairedCapsuleDense:
    def test_runs_in_exactly_the_scratch_it_asks_for(self, function):
        layer = PairedLayer(function)
        assert layer.run() == k.OK
        assert np.all(layer.scratch[layer.context.size :] == 0x5A)
        for size in (layer.context.size - 1, 0):
            layer = PairedLayer(function)
            layer.context.size = size
            assert layer.run() == k.ERROR_SCRATCH
        layer = PairedLayer(function)
        layer.context.buf += 4
        assert layer.run() == k.ERROR_SCRATCH

    def test_refuses_null(self, function):
        assert {PairedLayer(function).run(null=n) for n in (0, 1, 2, 3, 4, 6)} == {k.ERROR_NULL}
        layer = PairedLayer(function)
        layer.context.buf = None
        assert layer.run() == k.ERROR_NULL
        layer = PairedLayer(function)
        layer.native.multiplier = None
        assert layer.run() == k.ERROR_NULL

    @pytest.mark.parametrize(
        ("field", "values"),
        [
            ("input_zero_point", (-129, 128)),
            ("iterations", (0, 17)),
            ("leaky", (-1, 2)),
            ("vote_shift", (-1, 1, 17)),
            ("sum_shift", (0, 63)),
            ("logit_shift", (0, 63)),
            ("logit_bits", (7, 23, 31)),
            ("multiplier_count", (5, 7)),
        ],
    )
    def test_refuses_parameters_out_of_range(self, function, field, values):
        for value in values:
            layer = PairedLayer(function)
            setattr(layer.native, field, value)
            assert layer.run() == k.ERROR_RANGE

    def test_refuses_dimensions_out_of_range(self, function):
        for field, value in (
            *(("batches", -1), ("input_capsules", 0), ("input_capsules", 65536), ("input_dimension", 0)),
            *(("input_dimension", 1025), ("output_capsules", 4097), ("output_dimension", 0), ("output_dimension", 257)),
        ):
            layer = PairedLayer(function)
            setattr(layer.dims, field, value)
            assert layer.run() == k.ERROR_DIMS

    @pytest.mark.parametrize("dims", [(1, 1, 6, 3, 2), (1, 1, 68, 3, 2), (1, 1, 4, 129, 1)])
    def test_refuses_what_the_layout_is_not_made_for(self, function, dims):
        layer, room = PairedLayer(function), k.aligned(8192)
        layer.dims = k.DenseDims(*dims)
        multipliers = np.ones(dims[3] * dims[4], np.int32)
        layer.native.multiplier_count = multipliers.size
        layer.native.multiplier = multipliers.ctypes.data_as(c.POINTER(k.I32))
        layer.context = k.Context(room.ctypes.data, room.size)
        assert layer.run() == k.ERROR_RANGE


class PaddedLayer(Layer):
    """The same from kernels of five of K = 4 and five of D = 7: zeros make them 5 and 8."""

    function = "tfcaps_capsule_dense_padded_s8"

    def __init__(self, depth=4, dimension=7):
        super().__init__()
        self.params = dense_params(np.random.default_rng(0), 24, capsules=3, inputs=4, depth=5)
        self.native = k.dense_params(self.params)
        self.dims = k.DenseDims(1, 4, 5, 3, 8)
        self.scratch = k.aligned(1024)
        need = k.SIZE()
        getter = LIBRARY.tfcaps_capsule_dense_padded_s8_get_buffer_size
        assert getter(c.byref(self.dims), c.byref(need)) == k.OK
        self.context = k.Context(self.scratch.ctypes.data, need.value)
        self.scratch[:] = 0x5A
        self.out = np.full(21, 99, np.int8)
        self.data = [np.zeros(16, np.int8), np.zeros(480, np.int8), None, self.out]
        self.sizes = (k.I32(depth), k.I32(dimension))
        self.passes = (k.passes("tfcaps_passes_any"),)


class TestPaddedCapsuleDense:
    def test_runs_in_exactly_the_scratch_it_asks_for(self):
        layer = PaddedLayer()
        assert layer.run() == k.OK
        assert np.all(layer.scratch[layer.context.size :] == 0x5A)
        assert not np.any(layer.out == 99)
        for size in (layer.context.size - 8, 0):
            layer = PaddedLayer()
            layer.context.size = size
            assert layer.run() == k.ERROR_SCRATCH
        layer = PaddedLayer()
        layer.context.buf += 4
        assert layer.run() == k.ERROR_SCRATCH

    def test_keeps_votes_with_the_scratch_for_it(self):
        layer = PaddedLayer()
        need = k.SIZE()
        getter = LIBRARY.tfcaps_capsule_dense_padded_s8_kept_get_buffer_size
        assert getter(c.byref(layer.dims), c.byref(need)) == k.OK
        assert need.value == layer.context.size + 2 * 4 * 3 * 8
        layer.context.size = need.value
        layer.data[1][:] = 1  # weights that are no zeros, and none where K and D end
        layer.data[1].reshape(4, 3, 8, 5)[:, :, 7:] = 0
        layer.data[1].reshape(4, 24, 5)[:, :, 4:] = 0
        layer.data[0][:] = np.arange(16)
        assert layer.run() == k.OK
        assert np.all(layer.scratch[need.value :] == 0x5A)
        other = PaddedLayer()
        other.data[:2] = layer.data[:2]
        assert other.run() == k.OK
        np.testing.assert_array_equal(layer.out, other.out)
        assert np.any(layer.scratch[: need.value] != other.scratch[: need.value])  # they went different ways
        assert getter(None, c.byref(need)) == getter(c.byref(layer.dims), None) == k.ERROR_NULL

    @pytest.mark.parametrize("sizes", [(0, 7), (6, 7), (4, 0), (4, 9), (4, 4), (4, 1), (-1, -1)])
    def test_refuses_sizes_that_are_not_padded_to_these(self, sizes):
        assert PaddedLayer(*sizes).run() == k.ERROR_RANGE

    def test_a_batch_is_one_after_the_other(self):
        rng = np.random.default_rng(1)
        u, kernel = (rng.integers(-60, 60, shape).astype(np.int8) for shape in ((2, 16), 480))
        kernel.reshape(4, 3, 8, 5)[:, :, 7:] = 0
        kernel.reshape(4, 24, 5)[:, :, 4:] = 0
        found = []
        for part in (u[:1], u[1:], u):
            layer = PaddedLayer()
            layer.dims.batches = len(part)
            layer.out = np.full(21 * len(part), 99, np.int8)
            layer.data = [np.ascontiguousarray(part), kernel, None, layer.out]
            assert layer.run() == k.OK
            found.append(layer.out)
        np.testing.assert_array_equal(np.concatenate(found[:2]), found[2])
        assert np.any(found[2])

    def test_refuses_what_the_layer_behind_it_refuses(self):
        assert {PaddedLayer().run(null=n) for n in (0, 1, 2, 3, 6, 7, 9)} == {k.ERROR_NULL}
        for field, value, status in (("iterations", 17, k.ERROR_RANGE), ("multiplier_count", 21, k.ERROR_RANGE)):
            layer = PaddedLayer()
            setattr(layer.native, field, value)
            assert layer.run() == status
        for field, value in (("batches", -1), ("input_capsules", 0), ("output_dimension", 257)):
            layer = PaddedLayer()
            setattr(layer.dims, field, value)
            assert layer.run() == k.ERROR_DIMS
        layer = PaddedLayer()
        layer.dims.batches, layer.native.iterations = 0, 17
        assert layer.run() == k.ERROR_RANGE


def test_one_iteration_keeps_no_votes():
    statuses = []
    for function in PAIRED:
        layer = PairedLayer(function)
        layer.native.iterations = 1
        statuses.append(layer.run())
    assert statuses == [k.OK, k.ERROR_RANGE]


def test_scratch_size_refuses_too_many_outputs():
    need = k.SIZE()
    for name in ("tfcaps_capsule_dense_s8_get_buffer_size", "tfcaps_capsule_dense_s8_kept_get_buffer_size"):
        size = getattr(LIBRARY, name)
        assert size(c.byref(k.DenseDims(1, 1, 1, 4096, 16)), c.byref(need)) == k.ERROR_DIMS
        assert size(c.byref(k.DenseDims(1, 1, 1, 4095, 16)), c.byref(need)) == k.OK
        assert size(None, c.byref(need)) == k.ERROR_NULL
        assert size(c.byref(k.DenseDims(1, 1, 1, 1, 1)), None) == k.ERROR_NULL


def test_readers_refuse_null():
    key, count = c.c_char_p(), k.SIZE()
    byte = k.pointer(np.zeros(4, np.uint8))
    for native, op in ((k.Squash(), "squash"), (k.Length(), "length")):
        read = getattr(LIBRARY, f"tfcaps_{op}_options")
        assert read(None, k.SIZE(4), c.byref(native), c.byref(key)) == k.ERROR_NULL
        assert read(byte, k.SIZE(4), None, c.byref(key)) == k.ERROR_NULL
        assert read(byte, k.SIZE(4), c.byref(native), None) == k.ERROR_OPTIONS
    storage = LIBRARY.tfcaps_capsule_dense_options_storage
    assert storage(None, k.SIZE(4), c.byref(count), None) == k.ERROR_NULL
    assert storage(byte, k.SIZE(4), None, None) == k.ERROR_NULL


@pytest.mark.parametrize("offset", range(8))
def test_multipliers_are_used_in_place_only_where_they_are_aligned(offset):
    params = dense_params(np.random.default_rng(0), 6, capsules=3, inputs=4, depth=5)
    options = params.to_options()
    raw = k.aligned(len(options), offset)
    raw[:] = np.frombuffer(options, np.uint8)
    count, native, key = k.SIZE(), k.Dense(), c.c_char_p()
    size = k.SIZE(raw.size)
    status = LIBRARY.tfcaps_capsule_dense_options_storage(k.pointer(raw), size, c.byref(count), None)
    assert status == k.OK
    assert count.value == (0 if offset % 4 == 0 else 6)
    storage = np.zeros(6, np.int32)
    read = LIBRARY.tfcaps_capsule_dense_options
    assert read(k.pointer(raw), size, k.pointer(storage), count, c.byref(native), None) == k.OK
    address = c.addressof(native.multiplier.contents)
    assert (address == storage.ctypes.data) == (count.value > 0)
    assert [native.multiplier[n] for n in range(6)] == list(params.multiplier)
    if count.value:
        status = read(k.pointer(raw), size, k.pointer(storage), k.SIZE(5), c.byref(native), c.byref(key))
        assert (status, key.value) == (k.ERROR_OPTIONS, b"multiplier")

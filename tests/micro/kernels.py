"""The C kernels and option readers through ctypes: what the tests hold the simulator against."""

import ctypes as c

import numpy as np

from tfcaps.converters.c.layouts.paired_capsules import pair_words
from tfcaps.micro import library_path

I32, SIZE = c.c_int32, c.c_size_t
OK, ERROR_NULL, ERROR_RANGE, ERROR_DIMS, ERROR_SCRATCH, ERROR_OPTIONS = range(6)
LIBRARY = c.CDLL(str(library_path("tfcaps_kernels")))


def struct(name, *fields):
    return type(name, (c.Structure,), {"_fields_": fields})


Context = struct("Context", ("buf", c.c_void_p), ("size", SIZE))
CapsulesDims = struct("CapsulesDims", ("capsules", I32), ("dimension", I32))
Squash = struct("Squash", ("input_zero_point", I32), ("inverse_square_scale", c.c_uint32))
Length = struct("Length", *[(key, I32) for key in ("input_zero_point", "output_zero_point", "multiplier", "shift")])
DENSE_KEYS = ("input_zero_point", "iterations", "leaky", "vote_shift", "sum_shift", "logit_shift", "logit_bits")
Dense = struct("Dense", *[(key, I32) for key in DENSE_KEYS], ("multiplier_count", I32), ("multiplier", c.POINTER(I32)))
DIMS_KEYS = ("batches", "input_capsules", "input_dimension", "output_capsules", "output_dimension")
DenseDims = struct("DenseDims", *[(key, I32) for key in DIMS_KEYS])


def pointer(array):
    return None if array is None else array.ctypes.data_as(c.c_void_p)


def aligned(size, offset=0):
    """`size` bytes at an address 8 n + offset."""
    raw = np.full(size + 24, 0x5A, np.uint8)
    start = -raw.ctypes.data % 8 + 8 + offset
    return raw[start : start + size]


def squash(capsules, params):
    capsules = np.ascontiguousarray(capsules)
    out = np.empty_like(capsules)
    dims = CapsulesDims(capsules.size // capsules.shape[-1], capsules.shape[-1])
    native = Squash(params.input_zero_point, params.inverse_square_scale)
    assert LIBRARY.tfcaps_squash_s8(c.byref(native), c.byref(dims), pointer(capsules), pointer(out)) == OK
    return out


def length(capsules, params):
    capsules = np.ascontiguousarray(capsules)
    out = np.empty(capsules.shape[:-1], np.int8)
    dims = CapsulesDims(out.size, capsules.shape[-1])
    native = Length(*[getattr(params, key) for key, _ in Length._fields_])
    assert LIBRARY.tfcaps_length_s8(c.byref(native), c.byref(dims), pointer(capsules), pointer(out)) == OK
    return out


def dense_params(params):
    multiplier = params.multiplier.astype(np.int32)
    native = Dense(*[getattr(params, key) for key in DENSE_KEYS], multiplier.size)
    native.multiplier = multiplier.ctypes.data_as(c.POINTER(I32))
    native.keep = multiplier
    return native


def passes(name):
    """The passes of that name, as tfcaps_capsule_dense_passes_s8 takes them."""
    return c.byref(c.c_char.in_dll(LIBRARY, name))


def capsule_dense(u, kernel, bias, params, capsules, *, keep=False, paired=False):
    u, kernel = np.ascontiguousarray(u), np.ascontiguousarray(kernel)
    dims = DenseDims(*u.shape, capsules, kernel.shape[1] // capsules)
    need = SIZE()
    getter = "tfcaps_capsule_dense_s8_kept_get_buffer_size" if keep else "tfcaps_capsule_dense_s8_get_buffer_size"
    assert getattr(LIBRARY, getter)(c.byref(dims), c.byref(need)) == OK
    scratch = aligned(need.value)
    context = Context(scratch.ctypes.data, scratch.size)
    out = np.empty((len(u), capsules, dims.output_dimension), np.int8)
    arguments = [c.byref(context), c.byref(dense_params(params)), c.byref(dims)]
    words = np.ascontiguousarray(pair_words(kernel, capsules)) if paired else kernel
    data = [pointer(array) for array in (u, words, bias, out)]
    name = "tfcaps_capsule_dense_s8"
    if paired:
        name = (
            "tfcaps_capsule_dense_paired_kept_s8"
            if keep and params.iterations > 1
            else "tfcaps_capsule_dense_paired_s8"
        )
    assert getattr(LIBRARY, name)(*arguments, *data) == OK
    return out


def read_options(op, data):
    """(status, key, {field: value}) of the C reader; the bytes are copied to the end of an allocation."""
    raw = np.frombuffer(bytes(data), np.uint8)
    native = {"squash": Squash, "length": Length, "capsule_dense": Dense}[op]()
    key = c.c_char_p()
    if op != "capsule_dense":
        status = getattr(LIBRARY, f"tfcaps_{op}_options")(pointer(raw), SIZE(raw.size), c.byref(native), c.byref(key))
        return status, key.value, {name: getattr(native, name) for name, _ in native._fields_}
    count = SIZE()
    size = SIZE(raw.size)
    status = LIBRARY.tfcaps_capsule_dense_options_storage(pointer(raw), size, c.byref(count), c.byref(key))
    if status != OK:
        return status, key.value, {}
    storage = np.empty(count.value, np.int32)
    arguments = [pointer(storage), SIZE(storage.size), c.byref(native), c.byref(key)]
    status = LIBRARY.tfcaps_capsule_dense_options(pointer(raw), size, *arguments)
    fields = {name: getattr(native, name) for name in DENSE_KEYS}
    if status == OK:
        fields["multiplier"] = [native.multiplier[n] for n in range(native.multiplier_count)]
    return status, key.value, fields

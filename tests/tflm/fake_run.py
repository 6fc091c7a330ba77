"""One capsule operator in the test double: NumPy arrays in, an array or the log out."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field

import numpy as np

TYPES = {np.dtype(np.int8): 9, np.dtype(np.int32): 2, np.dtype(np.float32): 1}
MOST_TENSORS = 8
STAGES = ("done", "not found", "prepare", "invoke")


class _Tensor(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("rank", ctypes.c_int),
        ("dims", ctypes.c_int * 8),
        ("data", ctypes.c_void_p),
        ("scale", ctypes.c_float),
        ("zero_point", ctypes.c_int),
    )


class _Run(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_char_p),
        ("options", ctypes.c_void_p),
        ("options_size", ctypes.c_size_t),
        ("tensors", ctypes.POINTER(_Tensor)),
        ("inputs", ctypes.c_int * MOST_TENSORS),
        ("input_count", ctypes.c_int),
        ("outputs", ctypes.c_int * MOST_TENSORS),
        ("output_count", ctypes.c_int),
        ("persistent_limit", ctypes.c_size_t),
        ("temporary_limit", ctypes.c_int),
        ("refuses_scratch", ctypes.c_int),
        ("compressed_input", ctypes.c_int),
        ("log", ctypes.c_char_p),
        ("log_size", ctypes.c_size_t),
        ("persistent", ctypes.c_size_t),
        ("scratch", ctypes.c_size_t),
        ("temporaries", ctypes.c_int),
        ("stage", ctypes.c_int),
    )


@dataclass
class Tensor:
    """A tensor; `dims` may say another shape than the data has, and be None for no shape at all."""

    data: np.ndarray
    scale: float = 1 / 128
    zero_point: int = 0
    dims: tuple[int, ...] | None = ()
    type: int | None = None

    def pack(self):
        """For the test double."""
        dims = self.data.shape if self.dims == () else self.dims
        packed = _Tensor(TYPES[self.data.dtype] if self.type is None else self.type, -1)
        if dims is not None:
            packed.rank = len(dims)
            packed.dims[: len(dims)] = dims
        packed.data = self.data.ctypes.data
        packed.scale, packed.zero_point = self.scale, self.zero_point
        return packed


@dataclass
class Result:
    """What became of a run."""

    stage: str
    log: str
    persistent: int
    scratch: int
    temporaries: int


@dataclass
class Call:
    """An operator's tensors and the memory it gets; `inputs` and `outputs` are indices into `tensors`."""

    code: str
    options: bytes
    tensors: list[Tensor]
    inputs: list[int]
    outputs: list[int]
    offset: int = 0  # of the options from an aligned address
    limits: dict[str, int] = field(default_factory=dict)

    @property
    def output(self):
        """The array that the operator writes."""
        return self.tensors[self.outputs[0]].data


class FakeTflm:
    """The library of fake_tflm/harness.cc."""

    def __init__(self, path, *, generation, compression):
        self.library = ctypes.CDLL(str(path))
        self.generation, self.compression = generation, compression

    def run(self, call: Call) -> Result:
        """Register, init, prepare, invoke."""
        memory = np.zeros(len(call.options) + 64, np.uint8)
        start = -memory.ctypes.data % 16 + call.offset
        memory[start : start + len(call.options)] = np.frombuffer(call.options, np.uint8)
        tensors = (_Tensor * MOST_TENSORS)(*[tensor.pack() for tensor in call.tensors])
        log = ctypes.create_string_buffer(4096)
        run = _Run(call.code.encode(), memory.ctypes.data + start if call.options else None, len(call.options), tensors)
        run.inputs[: len(call.inputs)] = call.inputs
        run.outputs[: len(call.outputs)] = call.outputs
        run.input_count, run.output_count = len(call.inputs), len(call.outputs)
        run.persistent_limit, run.temporary_limit, run.compressed_input = 1 << 16, 100, -1
        for name, value in call.limits.items():
            setattr(run, name, value)
        run.log, run.log_size = ctypes.cast(log, ctypes.c_char_p), len(log)
        self.library.fake_run(ctypes.byref(run))
        return Result(STAGES[run.stage], log.value.decode(), run.persistent, run.scratch, run.temporaries)

"""Generated programs, compiled by the host and called through ctypes."""

import ctypes
import os
import shlex
import subprocess

import numpy as np

from tfcaps.converters.c import to_c
from tfcaps.runtime import Interpreter

STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wsign-conversion", "-pedantic", "-Werror"]
CANARY = 64  # bytes around every buffer


def compiler():
    return shlex.split(os.environ.get("CC", "cc"))


def compile_c(arguments, folder):
    done = subprocess.run([*compiler(), *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:3000]
    assert done.stderr == ""


class Buffer:
    """Memory of exactly so many bytes, with a border that nobody may touch."""

    def __init__(self, size):
        self._raw = np.full(size + 2 * CANARY + 16, 0x5A, np.uint8)
        self._start = CANARY + -(self._raw.ctypes.data + CANARY) % 16
        self.data = self._raw[self._start : self._start + size]
        self.data[:] = np.random.default_rng(size).integers(0, 256, size)
        self.address = self._raw.ctypes.data + self._start

    def assert_border(self):
        after = self._start + len(self.data)
        assert np.all(self._raw[: self._start] == 0x5A)
        assert np.all(self._raw[after:] == 0x5A)


class Program:
    """One program in a shared library."""

    def __init__(self, library, name, plan):
        self.plan = plan
        self._run = getattr(library, f"{name}_run")
        self._self_test = getattr(library, f"{name}_self_test")

    def run(self, inputs):
        """int8 arrays in, int8 arrays out, for one image; inputs must come out as they went in."""
        program = self.plan.program
        given = [np.ascontiguousarray(x, np.int8) for x in inputs]
        before = [x.copy() for x in given]
        outputs = [Buffer(program.size(index)) for index in program.outputs]
        arena = Buffer(self.plan.arena_bytes)
        pointers = (ctypes.c_void_p * len(given))(*(x.ctypes.data for x in given))
        results = (ctypes.c_void_p * len(outputs))(*(buffer.address for buffer in outputs))
        assert self._run(ctypes.c_void_p(arena.address), pointers, results) == 0
        for buffer in (arena, *outputs):
            buffer.assert_border()
        for x, old in zip(given, before, strict=True):
            np.testing.assert_array_equal(x, old)
        shapes = [program.tensors[index].shape for index in program.outputs]
        return [buffer.data.view(np.int8).reshape(shape) for buffer, shape in zip(outputs, shapes, strict=True)]

    def self_test(self):
        arena = Buffer(self.plan.arena_bytes)
        status = self._self_test(ctypes.c_void_p(arena.address))
        arena.assert_border()
        return status


def build_one(model, folder, name="net", **options):
    """One model as users build it: its own folder, all of its files, every warning an error."""
    plan = to_c(model, folder, name=name, **options)
    compile_folder(folder, name)
    return Program(ctypes.CDLL(str(folder / f"{name}.so")), name, plan)


def compile_folder(folder, name):
    sources = [name + ".c", name + "_weights.c", *sorted(str(path) for path in (folder / "tfcaps").glob("*.c"))]
    compile_c([*STRICT, "-O1", "-fPIC", "-shared", "-I.", "-o", f"{name}.so", *sources], folder)


def build_many(models, folder, **options):
    """Many small models in one library: {name: bytes} to {name: Program}."""
    plans = {name: to_c(model, folder, name=name, **options) for name, model in models.items()}
    text = "\n".join(f'#include "{name}_weights.c"\n#include "{name}.c"' for name in models)
    (folder / "all.c").write_text(text)
    kernels = sorted(str(path) for path in (folder / "tfcaps").glob("*.c"))
    flags = [*STRICT, "-fPIC", "-shared", "-I.", "-o", "all.so"]
    compile_c([*flags, "-O1", "all.c", *kernels], folder)
    library = ctypes.CDLL(str(folder / "all.so"))
    return {name: Program(library, name, plan) for name, plan in plans.items()}


def tflm(model, inputs):
    """TFLite Micro's outputs as a list, for one image."""
    interpreter = Interpreter(model, "tflm")
    named = {info.name: x for info, x in zip(interpreter.inputs, inputs, strict=True)}
    result = interpreter.invoke(named if len(named) > 1 else next(iter(named.values())))
    return list(result.values()) if isinstance(result, dict) else [result]

"""Compiles micro/tflm against the test double of TFLite Micro."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tfcaps import micro

FAKE = Path(__file__).parent / "fake_tflm"
GLUE = micro.include_dir().parent / "tflm"
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wsign-conversion", "-pedantic", "-Werror"]
STRICT = ["-std=c++17", *WARNINGS, "-fno-exceptions", "-fno-rtti"]


def compiler():
    """The C++ compiler."""
    found = shutil.which("c++") or shutil.which("g++")
    if found is None:
        pytest.skip("no C++ compiler")
    return found


def glue_command(name, generation, *flags):
    """The command line of a compiler; `generation` is that of the interface, 1 or 2."""
    includes = [f"-I{path}" for path in (FAKE, GLUE, micro.include_dir())]
    return [name, *STRICT, f"-DFAKE_TFLM_GENERATION={generation}", *includes, *flags]


def build(library, generation, flags, harness="harness.cc"):
    """A shared library of the glue, the kernels and one of the files beside the test double."""
    sources = [str(FAKE / harness), str(GLUE / "tfcaps_tflm.cc")]
    kernels = micro.library_path("tfcaps_kernels")
    command = glue_command(compiler(), generation, "-O1", "-fPIC", "-shared", *flags, *sources)
    command += [str(kernels), f"-Wl,-rpath,{kernels.parent}", "-o", str(library)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return library

"""The device glue, compiled against the test double of TFLite Micro; helpers of the runtime tests come along."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = next(parent for parent in Path(__file__).parents if parent.name == "tests")
for folder in ("runtime", "tflm"):
    if str(TESTS / folder) not in sys.path:
        sys.path.append(str(TESTS / folder))

from fake_run import FakeTflm  # noqa: E402

from tfcaps import micro  # noqa: E402

FAKE = Path(__file__).parent / "fake_tflm"
GLUE = micro.include_dir().parent / "tflm"
WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wsign-conversion", "-pedantic", "-Werror"]
STRICT = ["-std=c++17", *WARNINGS, "-fno-exceptions", "-fno-rtti"]


def glue_command(compiler, generation, *flags):
    """The command line that compiles against the test double."""
    includes = [f"-I{path}" for path in (FAKE, GLUE, micro.include_dir())]
    return [compiler, *STRICT, f"-DFAKE_TFLM_GENERATION={generation}", *includes, *flags]


def compiler():
    found = shutil.which("c++") or shutil.which("g++")
    if found is None:
        pytest.skip("no C++ compiler")
    return found


def build(library, generation, flags, harness="harness.cc"):
    """A shared library of the glue, the kernels and one of the files beside the test double."""
    sources = [str(FAKE / harness), str(GLUE / "tfcaps_tflm.cc")]
    kernels = micro.library_path("tfcaps_kernels")
    command = glue_command(compiler(), generation, "-O1", "-fPIC", "-shared", *flags, *sources)
    command += [str(kernels), f"-Wl,-rpath,{kernels.parent}", "-o", str(library)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return library


def _name(parameter):
    generation, flag = parameter
    return f"generation {generation}{' compressed' if flag else ''}"


@pytest.fixture(scope="session", params=[(1, ""), (2, ""), (2, "-DUSE_TFLM_COMPRESSION")], ids=_name)
def tflm(request, tmp_path_factory):
    """The operators in the test double, of each generation of the interface."""
    generation, flag = request.param
    library = build(tmp_path_factory.mktemp("tflm") / "fake.so", generation, [flag] if flag else [])
    return FakeTflm(library, generation=generation, compression=bool(flag))

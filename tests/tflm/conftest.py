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


def _name(parameter):
    generation, flag = parameter
    return f"generation {generation}{' compressed' if flag else ''}"


@pytest.fixture(scope="session", params=[(1, ""), (2, ""), (2, "-DUSE_TFLM_COMPRESSION")], ids=_name)
def tflm(request, tmp_path_factory):
    """The operators in the test double, of each generation of the interface."""
    generation, flag = request.param
    library = tmp_path_factory.mktemp("tflm") / "fake.so"
    sources = [FAKE / "harness.cc", GLUE / "tfcaps_tflm.cc"]
    kernels = micro.library_path("tfcaps_kernels")
    command = glue_command(compiler(), generation, "-O1", "-fPIC", "-shared", *([flag] if flag else []))
    command += [*map(str, sources), str(kernels), f"-Wl,-rpath,{kernels.parent}", "-o", str(library)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return FakeTflm(library, generation=generation, compression=bool(flag))

"""Every comparison of the kernels with the simulator and TFLite Micro once more, on kernels with sanitizers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tfcaps.micro import include_dir, source_files
from tfcaps.micro.build import compiler

TESTS = ("test_arguments", "test_nn_arguments", "test_nn_bits", "test_nn_memory", "test_nn_scales")
FLAGS = ["-std=c99", "-g", "-O1", "-fPIC", "-shared", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
PROGRAM = """
import sys
from pathlib import Path
import tfcaps.micro

given, built = tfcaps.micro.library_path, Path(sys.argv.pop(1))
tfcaps.micro.library_path = lambda name: built if name == "tfcaps_kernels" else given(name)
"""
RUN_PYTEST = PROGRAM + "import pytest; sys.exit(pytest.main(sys.argv[1:]))"
READ_TOO_MUCH = (
    PROGRAM
    + """
import ctypes, numpy as np
values = [np.zeros(size, np.int8) for size in (256, 5, 6)]
ctypes.CDLL(str(tfcaps.micro.library_path("tfcaps_kernels"))).tfcaps_lookup_s8(
    *(ctypes.c_void_p(values[0].ctypes.data), 6), *(ctypes.c_void_p(each.ctypes.data) for each in values[1:]))
"""
)


def runtimes():
    """The sanitizers' libraries that Python has to load first; [] if the compiler has none to load."""
    found = []
    for name in ("libasan.so", "libstdc++.so.6"):  # the second so that exceptions of others are seen by the first
        said = subprocess.run([*compiler(), f"-print-file-name={name}"], capture_output=True, text=True, check=False)
        found += [path for path in said.stdout.split() if Path(path).is_absolute()]
    return found if len(found) == 2 else []


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    library = tmp_path_factory.mktemp("sanitized") / "tfcaps_kernels.so"
    command = [*compiler(), *FLAGS, f"-I{include_dir()}", "-o", str(library)]
    probe = library.with_name("probe.c")
    probe.write_text("int probe(void) { return 0; }\n")
    if not runtimes() or subprocess.run([*command, str(probe)], capture_output=True, check=False).returncode:
        pytest.skip("the compiler has no sanitizers that Python can load")
    subprocess.run([*command, *map(str, source_files())], check=True)
    # Python keeps memory until it ends; what leaks in C is found by the fuzz targets.
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0", "LD_PRELOAD": " ".join(runtimes())}
    environment.pop("PYTEST_ADDOPTS", None)

    def run(program, *arguments):
        command = [sys.executable, "-c", program, str(library), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


def test_a_byte_too_much_is_noticed(run):
    assert "heap-buffer-overflow" in run(READ_TOO_MUCH).stderr


def test_all_vectors(run):
    files = [str(Path(__file__).with_name(f"{name}.py")) for name in TESTS]
    done = run(RUN_PYTEST, "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *files)
    assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]
    assert int(done.stdout.split(" passed")[0].split()[-1]) > 150

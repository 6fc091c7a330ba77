"""The C itself: no warnings, no undefined behaviour on hostile input, no more of libc than promised, formatted."""

import os
import shutil
import subprocess

import numpy as np
import pytest
from tiny_models import dense_params, length_params, squash_params

from tfcaps.micro import include_dir, library_path, source_files
from tfcaps.micro.build import WARNINGS, compiler, libraries
from tfcaps.quantization.simulator import CapsuleDenseParams

ROOT = include_dir().parent
INCLUDES = [f"-I{ROOT / folder}" for folder in ("include", "src", "host")]
COMPILERS = [name for name in ("gcc", "clang", "clang-19") if shutil.which(name)]


def run(*command, **kwargs):
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **kwargs)
    assert result.returncode == 0, result.stderr or result.stdout
    return result


@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("name", COMPILERS)
def test_no_warnings(name, bits, tmp_path):
    command = [name, f"-m{bits}", *WARNINGS, "-Werror", "-O2", *INCLUDES, "-c"]
    (tmp_path / "probe.c").write_text("#include <stdlib.h>\n")
    if subprocess.run([*command, "probe.c"], cwd=tmp_path, capture_output=True, check=False).returncode:
        pytest.skip(f"{name} -m{bits} finds no headers: apt-get install g++-multilib")
    sources = {path for sources in libraries().values() for path in sources} | {*(ROOT / "fuzz").glob("*.c")}
    if bits == 32:  # what knows a runtime's structures knows them with 64 bits
        sources -= {path for path in sources if (ROOT / "host") in path.parents}
    run(*command, *sources, cwd=tmp_path)
    plugin = ROOT / "boards" / "plugin" / "count.c"
    run(*command, "-DTFCAPS_QEMU_PLUGIN_API=1", plugin, cwd=tmp_path)


def test_headers_stand_alone_in_c_and_cpp(tmp_path):
    for header in include_dir().rglob("*.h"):
        text = f'#include "tfcaps/{header.name}"\nint main(void) {{ return TFCAPS_OK; }}\n'
        for suffix, name in ((".c", compiler()), (".cc", ["g++", "-std=c++11"])):
            if shutil.which(name[0]):
                source = tmp_path / f"main{suffix}"
                source.write_text(text)
                run(*name, "-Wall", "-Wextra", "-Werror", "-pedantic", INCLUDES[0], "-fsyntax-only", source)


def intrinsics(path):
    """The compiler's header of the vectors that a file is for."""
    headers = {"_mve": "<arm_mve.h>", "_rvv": "<riscv_vector.h>"}
    return {header for suffix, header in headers.items() if path.stem.endswith(suffix)}


def test_kernels_need_no_more_than_string_h():
    assert {path.name for path in source_files()} >= {"tfcaps_squash_s8.c", "tfcaps_options.c"}
    for path in [*source_files(), *(ROOT / "src").glob("*.h")]:
        includes = {line.split()[1] for line in path.read_text().splitlines() if line.startswith("#include <")}
        assert includes <= {"<string.h>", "<stdint.h>", "<stddef.h>"} | intrinsics(path)
        assert not any(word in path.read_text() for word in ("float ", "double ", "malloc", "TfLite"))


def test_only_public_functions_are_visible():
    if not shutil.which("nm"):
        pytest.skip("nm is not installed")
    for library, allowed in (("tfcaps_kernels", "tfcaps_"), ("tfcaps_litert", ("Tfcaps", "tflite_plugin_"))):
        listed = run("nm", "-D", "--defined-only", library_path(library)).stdout.split("\n")
        names = [line.split()[-1] for line in listed if line.strip()]
        assert names
        assert all(name.startswith(allowed) for name in names)


def corpus(seed, count=1500):
    """Good options and what damage makes of them."""
    rng = np.random.default_rng(seed)
    good = [squash_params(0.1).to_options(), length_params(4).to_options()]
    for iterations, leaky in ((1, 0), (3, 1), (16, 0)):
        args = {"capsules": 4, "inputs": 3, "depth": 2, "iterations": iterations, "leaky": leaky}
        good.append(dense_params(rng, 12, **args).to_options())
    yield from good
    yield b""
    for _ in range(300):  # all that is allowed, extremes above all
        drawn = {}
        for key, (low, high) in CapsuleDenseParams.RANGES.items():
            drawn[key] = int(rng.choice([low, high, rng.integers(low, high + 1)]))
        drawn["multiplier"] = rng.choice([0, 2**31 - 1, 2**30, 12345], 12)
        yield CapsuleDenseParams(**drawn).to_options()
    for _ in range(count):
        data = bytearray(good[rng.integers(0, len(good))])
        for _ in range(rng.integers(1, 4)):
            data[rng.integers(0, len(data))] = rng.choice([0, 1, 2, 4, 8, 127, 128, 255, rng.integers(0, 256)])
        start, end = (0, len(data)) if rng.integers(0, 3) else sorted(rng.integers(0, len(data) + 1, 2))
        yield bytes(data[start:end])


def test_hostile_options_under_sanitizers(tmp_path):
    program, file = tmp_path / "hostile", tmp_path / "corpus"
    flags = ["-std=c99", "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    probe = tmp_path / "probe.c"
    probe.write_text("int main(void) { return 0; }\n")
    if subprocess.run(
        [*compiler(), *flags, str(probe), "-o", str(program)], capture_output=True, check=False
    ).returncode:
        pytest.skip("the compiler has no sanitizers")
    sources = [*source_files(), os.path.join(os.path.dirname(__file__), "hostile.c")]
    run(*compiler(), *flags, INCLUDES[0], *sources, "-o", program)
    records = list(corpus(0))
    file.write_bytes(b"".join(len(data).to_bytes(4, "little") + data for data in records))
    said = run(program, file).stdout
    assert said.startswith(f"{len(records)} records")
    assert int(said.split()[2]) > 1200


@pytest.mark.skipif(not shutil.which("clang-format"), reason="clang-format is not installed")
def test_formatted():
    files = [path for suffix in ("*.c", "*.h") for path in ROOT.rglob(suffix)]
    run("clang-format", "--dry-run", "--Werror", *files)

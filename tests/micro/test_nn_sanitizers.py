"""The kernels of builtin operators under AddressSanitizer and UndefinedBehaviorSanitizer, on arguments good and bad."""

import subprocess
from pathlib import Path

import pytest

from tfcaps.micro import include_dir, source_files
from tfcaps.micro.build import compiler

FLAGS = ["-std=c99", "-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def test_random_arguments_under_sanitizers(tmp_path):
    program, probe = tmp_path / "nn_hostile", tmp_path / "probe.c"
    probe.write_text("int main(void) { return 0; }\n")
    command = [*compiler(), *FLAGS, f"-I{include_dir()}", "-o", str(program)]
    if subprocess.run([*command, str(probe)], capture_output=True, check=False).returncode:
        pytest.skip("the compiler has no sanitizers")
    sources = [*map(str, source_files()), str(Path(__file__).with_name("nn_hostile.c"))]
    built = subprocess.run([*command, *sources], capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    result = subprocess.run([str(program)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr or result.stdout
    assert result.stdout.startswith("18000 calls")

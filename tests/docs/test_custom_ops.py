"""The C on the custom operators' page compiles without a warning."""

import re
import shutil
import subprocess
from pathlib import Path

from tfcaps import micro

PAGE = Path(__file__).resolve().parents[2] / "docs" / "custom_ops.md"


def test_the_c_example_compiles(tmp_path):
    (block,) = re.findall(r"^```c\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    source = tmp_path / "example.c"
    source.write_text(block)
    compiler = shutil.which("cc")
    assert compiler
    flags = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Werror", f"-I{micro.include_dir()}"]
    subprocess.run([compiler, *flags, "-c", str(source), "-o", str(tmp_path / "example.o")], check=True)

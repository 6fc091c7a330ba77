"""The Python on the documentation's pages runs, in a process of its own as it registers things."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("page", ["extending.md", "pruning.md", "pruning_methods.md"])
@pytest.mark.parametrize("legacy", ["0", "1"])
def test_python_blocks_run(page, legacy, tmp_path):
    blocks = re.findall(r"^```python\n(.*?)^```", (DOCS / page).read_text(), re.DOTALL | re.MULTILINE)
    assert blocks
    script = tmp_path / "blocks.py"
    script.write_text("\n".join(blocks))
    environment = {**os.environ, "TF_USE_LEGACY_KERAS": legacy, "PYTHONPATH": str(DOCS.parent)}
    run = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-2000:]

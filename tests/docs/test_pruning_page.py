"""The tables of docs/pruning.md are those of the registry and of the measured results."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_its_tables_are_up_to_date():
    subprocess.run([sys.executable, ROOT / "benchmarks" / "update_pruning.py", "--check"], check=True)

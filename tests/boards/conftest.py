"""Helpers of other folders on the path."""

import sys
from pathlib import Path

TESTS = next(parent for parent in Path(__file__).parents if parent.name == "tests")
for folder in ("boards", "runtime"):
    if str(TESTS / folder) not in sys.path:
        sys.path.append(str(TESTS / folder))

"""The makers of models live with other tests; pytest puts only a test's own folder on the path."""

import sys
from pathlib import Path

TESTS = next(parent for parent in Path(__file__).parents if parent.name == "tests")
for folder in ("converters", "micro", "runtime"):
    if str(TESTS / folder) not in sys.path:
        sys.path.append(str(TESTS / folder))

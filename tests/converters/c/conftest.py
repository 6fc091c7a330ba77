"""The makers of models live with other tests; pytest puts only a test's own folder on the path."""

import os
import sys
from pathlib import Path

TESTS = next(parent for parent in Path(__file__).parents if parent.name == "tests")
for folder in ("converters", "micro", "runtime"):
    if str(TESTS / folder) not in sys.path:
        sys.path.append(str(TESTS / folder))

# Only whole models come from Keras; everything else need not run once more for its other flavour.
if os.environ.get("TF_USE_LEGACY_KERAS") == "0":
    collect_ignore = [path.name for path in Path(__file__).parent.glob("test_*.py") if path.name != "test_to_c.py"]

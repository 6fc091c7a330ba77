"""Helpers of other folders on the path, and the models that are measured."""

import sys
from pathlib import Path

import numpy as np
import pytest

TESTS = next(parent for parent in Path(__file__).parents if parent.name == "tests")
for folder in ("boards", "micro", "runtime"):
    if str(TESTS / folder) not in sys.path:
        sys.path.append(str(TESTS / folder))


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    """The three models with random weights, converted."""
    import tfcaps
    from tfcaps.converters import to_tflite

    folder = tmp_path_factory.mktemp("models")
    images = np.random.default_rng(0).random((20, 28, 28, 1), np.float32)
    paths = {name: folder / f"{name}.tflite" for name in ("tiny", "micro", "q7_mnist")}
    for name, path in paths.items():
        path.write_bytes(to_tflite(tfcaps.models.build(name), images))
    return paths

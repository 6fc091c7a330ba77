"""The device glue in the test double of TFLite Micro; helpers of the runtime tests come along."""

import sys
from pathlib import Path

import pytest

TESTS = next(parent for parent in Path(__file__).parents if parent.name == "tests")
for folder in ("runtime", "tflm"):
    if str(TESTS / folder) not in sys.path:
        sys.path.append(str(TESTS / folder))

from fake_run import FakeTflm  # noqa: E402
from glue_build import build  # noqa: E402


def _name(parameter):
    generation, flag = parameter
    return f"generation {generation}{' compressed' if flag else ''}"


@pytest.fixture(scope="session", params=[(1, ""), (2, ""), (2, "-DUSE_TFLM_COMPRESSION")], ids=_name)
def tflm(request, tmp_path_factory):
    """The operators in the test double, of each generation of the interface."""
    generation, flag = request.param
    library = build(tmp_path_factory.mktemp("tflm") / "fake.so", generation, [flag] if flag else [])
    return FakeTflm(library, generation=generation, compression=bool(flag))

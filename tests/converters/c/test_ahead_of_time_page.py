"""docs/ahead_of_time.md: its figures and its list of operators are those of the code."""

import re
from pathlib import Path

import numpy as np
import pytest

from tfcaps import models
from tfcaps.converters import to_tflite
from tfcaps.converters.c import build_program, make_plan
from tfcaps.converters.c.ops import EMITTERS
from tfcaps.runtime import Interpreter
from tfcaps.runtime.tflite_file import read_tflite

PAGE = next(p for p in Path(__file__).parents if p.name == "tests").parent / "docs" / "ahead_of_time.md"
ROWS = re.findall(r"^\| `(\w+)` \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|$", PAGE.read_text(), re.MULTILINE)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_bytes(row):
    model = models.build(row[0])
    images = np.random.default_rng(0).random((4, *model.input_shape[1:]), np.float32)
    file = read_tflite(to_tflite(model, images))
    plan = make_plan(build_program(file))
    inside = make_plan(build_program(file, inputs_in_arena=True))
    used = Interpreter(file.data, "tflm").arena_used_bytes
    expected = (plan.arena_bytes, plan.total_bytes, inside.total_bytes, used)
    assert tuple(int(figure.replace(",", "")) for figure in row[1:]) == expected


def test_all_ready_models_of_the_goals_are_listed():
    assert {row[0] for row in ROWS} >= {"q7_mnist", "q7_cifar10", "q7_smallnorb"}


def test_operators():
    listed = PAGE.read_text().split("## Operators")[1].split(".\n")[0]
    assert set(re.findall(r"\b(?:[A-Z][A-Z_0-9]{2,}|Tfcaps\w+)\b", listed)) == set(EMITTERS)

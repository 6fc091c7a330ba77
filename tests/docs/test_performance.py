"""docs/performance.md and the model of instructions are what the scripts make of the committed counts."""

import json
import subprocess
import sys

import fit_instructions
import instruction_counts
import performance
import pytest


def test_the_page_is_what_the_script_makes():
    done = subprocess.run(
        [sys.executable, performance.__file__, "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert performance.PICTURE.read_bytes().startswith(b"\x89PNG")


def test_the_model_is_what_the_script_fits():
    committed, found = (
        json.loads(fit_instructions.OUTPUT.read_text()),
        fit_instructions.fitted(instruction_counts.read()),
    )
    assert committed["header"]["units"] == found["header"]["units"]
    for board, operators in found["targets"].items():
        for operator, coefficients in operators.items():
            assert coefficients == pytest.approx(committed["targets"][board][operator], rel=1e-3, abs=1e-3)


def test_a_fit_finds_known_coefficients():
    points = [
        (macs, outputs, 3 * macs + 50 * outputs + 5) for macs, outputs in ((100, 7), (5000, 20), (90, 300), (1, 1))
    ]
    coefficients, errors = fit_instructions.fit(points)
    assert coefficients == pytest.approx({"mac": 3, "output": 50, "call": 5}, rel=1e-3)
    assert max(map(abs, errors)) < 1e-3


def test_a_fit_puts_little_into_the_call_itself():
    coefficients, _ = fit_instructions.fit([(100, 10, 5000), (200, 20, 5100), (400, 40, 5200)])
    assert coefficients["call"] <= 500


def test_a_fit_has_no_negative_coefficients():
    coefficients, _ = fit_instructions.fit([(100, 10, 1000), (200, 10, 2500), (300, 10, 4000)])
    assert min(coefficients.values()) >= 0


def test_another_count_changes_the_page():
    table = instruction_counts.read()
    before = performance.page(table)
    table["counts"]["cortex-m4"]["core"]["q7_mnist"]["instructions"] *= 2
    assert performance.page(table) != before

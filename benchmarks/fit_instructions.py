"""Fits what an operator costs on each board: instructions = mac * MACs + output * outputs + call, from the counts.

    python benchmarks/fit_instructions.py

Writes tfcaps/pruning/cost/instructions.json, with which the cost of a Keras model is predicted without compiling it.
Coefficients are least squares of the relative errors within bounds, from the single kernels and the layers of whole
networks in results/instruction_counts.json, as each processor's own variant.
"""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

import instruction_counts
import numpy as np
from cases.case import UNITS
from cases.kernels import CASES
from cases.networks import NETWORKS
from scipy.optimize import lsq_linear

OUTPUT = Path(__file__).resolve().parents[1] / "tfcaps" / "pruning" / "cost" / "instructions.json"
KEYS = ("mac", "output", "call")
CALL_SHARE = 0.1


def samples(table: dict[str, Any], board: str) -> dict[str, list[tuple[int, int, int]]]:
    """(MACs, outputs, instructions) by operator."""
    found: dict[str, list[tuple[int, int, int]]] = {operator: [] for operator in UNITS}
    measured = table["counts"][board]["core"]
    for case in CASES:
        found[case.operator].append((case.macs, case.outputs, measured[instruction_counts.KERNELS][case.name]))
    for network in NETWORKS:
        for layer, count in zip(network.layers(), measured[network.name]["layers"].values(), strict=True):
            found[layer.operator].append((layer.macs, layer.outputs, count))
    return found


def fit(points: list[tuple[int, int, int]]) -> tuple[dict[str, float], list[float]]:
    """Coefficients, and the relative error of each point."""
    values = np.array(points, float)
    features = np.column_stack([values[:, :2], np.ones(len(values))])
    counts = values[:, 2]
    # Of the order of the counts, so that the solver's tolerance fits every column; relative errors, so that a small
    # layer says as much as a large one.
    units = np.maximum(features.max(axis=0), 1)
    # What a call costs whatever its size is less than a fraction of the cheapest one: no layer of a small network is
    # predicted to stay as it is when its channels go.
    most = np.array([np.inf, np.inf, CALL_SHARE * counts.min()])
    solution = lsq_linear(features / units / counts[:, None], np.ones(len(counts)), (np.zeros(3), most * units)).x
    coefficients = solution / units
    errors = features @ coefficients / counts - 1
    return {key: round(float(value), 4) for key, value in zip(KEYS, coefficients, strict=True)}, errors.tolist()


def fitted(table: dict[str, Any]) -> dict[str, Any]:
    """What is written: coefficients by board and operator, and under "header" what they are and how good."""
    targets: dict[str, Any] = {}
    errors: dict[str, dict[str, list[float]]] = {}
    for board in table["counts"]:
        for operator, points in samples(table, board).items():
            coefficients, off = fit(points)
            targets.setdefault(board, {})[operator] = coefficients
            errors.setdefault(operator, {})[board] = [abs(error) for error in off]
    header = {
        "command": "python benchmarks/fit_instructions.py",
        "counts": {key: table["header"][key] for key in ("commit", "optimisation")},
        "compilers": table["header"]["compilers"],
        "model": "instructions = mac * MACs + output * outputs + call",
        "units": {operator: {"mac": unit, "output": per} for operator, (unit, per) in UNITS.items()},
        "relative_error": {
            operator: {
                "median": round(statistics.median(e for found in boards.values() for e in found), 4),
                "largest": round(max(e for found in boards.values() for e in found), 4),
            }
            for operator, boards in errors.items()
        },
    }
    return {"header": header, "targets": targets}


def main() -> None:
    found = fitted(instruction_counts.read())
    OUTPUT.write_text(json.dumps(found, indent=1) + "\n")
    for operator, error in found["header"]["relative_error"].items():
        print(f"{operator:20} median {error['median']:.1%} largest {error['largest']:.1%}")


if __name__ == "__main__":
    main()

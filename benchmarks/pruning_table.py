"""The results of benchmarks/pruning.py: their file, their rows, and the table that is made of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import report

from tfcaps.pruning import METHODS

DENSE, TRAINED_ON = "dense", "dense, trained on"
REMAINS = (0.5, 0.3)  # of all multiply-accumulates: every method, and the best method
STEPS = {0.5: 1, 0.3: 3}  # of pruning and fine-tuning by turns on the way there

# More than one way to use a method, by what the table calls it: the method's name and its options.
ROWS: dict[str, tuple[str, dict]] = {
    "complexity, FA": ("complexity", {"mode": "macs"}),
    "complexity, MA": ("complexity", {"mode": "memory"}),
    "complexity, PA": ("complexity", {"mode": "parameters"}),
    "l2, global": ("l2", {"allocation": "global"}),
    # `capsules` cuts nothing but types of capsules; this is what chance does with them.
    "random, types": ("random", {"groups": ["primary"]}),
    # The default step size is for whole trainings from the beginning, as the paper's is.
    "slimming": ("slimming", {"learning_rate": 0.01}),
}

OF_TYPES = ("capsules", "random, types")

FIGURES = ("macs", "parameters", "tflite_bytes", "tflm_arena_bytes", "predicted_arena_bytes", "arena_bytes",
           "predicted_instructions", "instructions", "seconds")  # fmt: skip
COLUMNS = ["network", "method", "MAC left", "seeds", "pruned", "fine-tuned", "points against dense", "MAC",
           "parameters", ".tflite, bytes", "arena of TFLite Micro", "arena of C, predicted", "arena of C",
           "instructions, predicted", "instructions", "seconds"]  # fmt: skip


def key_of(network: str, row: str, remains: float, seed: int) -> str:
    """What a result is found by."""
    return f"{network}/{row}/{remains}/{seed}"


class Results:
    """Results by key, in a file that every new one is written to at once.

    Args:
        path: The file; what it holds is taken over if it was made with the same setting.
        setting: What makes results comparable.
        commit: What is written down as the code that makes further ones.
    """

    def __init__(self, path: Path, setting: dict, commit: str) -> None:
        self.path, self.setting = path, setting
        stored = json.loads(path.read_text()) if path.exists() else {}
        same = stored.get("setting") == setting
        self.results: dict[str, dict] = stored["results"] if same else {}
        self.now = commit

    def __contains__(self, key: str) -> bool:
        return key in self.results

    def __getitem__(self, key: str) -> dict:
        return self.results[key]

    def store(self, key: str, result: dict) -> None:
        """Keep a result, and say so."""
        self.results[key] = {**result, "commit": self.now}
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps({"setting": self.setting, "results": self.results}, indent=1))
        part.replace(self.path)
        print(key, json.dumps(result), flush=True)

    def values(self, network: str, row: str, remains: float, seeds: Sequence[int], figure: str) -> list[float]:
        """A figure of those seeds that have it."""
        found = [self[key] for seed in seeds if (key := key_of(network, row, remains, seed)) in self]
        return [cell[figure] for cell in found if cell.get(figure) is not None]

    def mean(self, network: str, row: str, remains: float, seeds: Sequence[int], figure: str) -> float | None:
        """The mean of these, or None if there are none."""
        found = self.values(network, row, remains, seeds, figure)
        return sum(found) / len(found) if found else None

    def points(self, network: str, row: str, remains: float, seeds: Sequence[int]) -> float | None:
        """Points of accuracy above the dense network, over the seeds that the row has."""
        having = [seed for seed in seeds if key_of(network, row, remains, seed) in self]
        dense = self.mean(network, DENSE, 1, having, "fine_tuned")
        tuned = self.mean(network, row, remains, having, "fine_tuned")
        return None if dense is None or tuned is None else 100 * (tuned - dense)


def rows_of(network: str) -> list[str]:
    """The rows of a network's table: every method, some of them in several ways."""
    names = {*ROWS, *METHODS} - {"complexity"}  # has a row for each mode
    return sorted(name for name in names if network == "micro" or name not in OF_TYPES)


def best_rows(results: Results, network: str, remains: float, seeds: Sequence[int]) -> list[str]:
    """The rows that have results, that of the highest mean accuracy first."""
    found = {row: results.mean(network, row, remains, seeds, "fine_tuned") for row in rows_of(network)}
    having = {row: value for row, value in found.items() if value is not None}
    return sorted(having, key=lambda row: -having[row])


def write_table(results: Mapping[str, Results], seeds: Sequence[int], said: str) -> Path:
    """Write the table of all networks, and what follows from it.

    Args:
        results: By network.
        seeds: The seeds whose results count.
        said: How the results were made.
    """
    lines = [line for network, found in results.items() for line in _lines(found, network, seeds)]
    commits = " and ".join(sorted({cell["commit"] for found in results.values() for cell in found.results.values()}))
    notes = (
        f"{said} Accuracies, MAC, parameters and seconds are means over seeds (± standard deviation); files, arenas "
        f"(bytes) and instructions are of the first seed. The code was that of commit {commits}.\n\n"
        f"{verdict(results, seeds)}"
    )
    return report.write("pruning", "Structured pruning on Fashion-MNIST", COLUMNS, lines, notes)


def _lines(results: Results, network: str, seeds: Sequence[int]) -> list[list[str]]:
    """The dense network first, then the methods, the best of them first."""
    found = [(1.0, DENSE), (1.0, TRAINED_ON)]
    for part in REMAINS:
        found += [(part, row) for row in best_rows(results, network, part, seeds)]
    lines = []
    for part, row in found:
        remains = 1 if part == 1 else part
        tuned = results.values(network, row, remains, seeds, "fine_tuned")
        if tuned:
            lines.append([
                network, row, f"{part:.0%}", str(len(tuned)),
                _percent(results.mean(network, row, remains, seeds, "pruned")),
                f"{np.mean(tuned):.2%}" + (f" ± {100 * np.std(tuned):.2f}" if len(tuned) > 1 else ""),
                f"{results.points(network, row, remains, seeds):+.2f}",
                *(_number(results.mean(network, row, remains, seeds, figure)) for figure in FIGURES),
            ])  # fmt: skip
    return lines


def verdict(results: Mapping[str, Results], seeds: Sequence[int]) -> str:
    """What the table says about the best method and about random."""
    said = []
    against_random: dict[str, list[float]] = {}
    for network, found in results.items():
        for part in REMAINS:
            for row in best_rows(found, network, part, seeds)[:1]:
                points = found.points(network, row, part, seeds)
                said.append(f"{network} at {part:.0%}: {row}, {points:+.2f} points against dense")
        points = {row: found.points(network, row, REMAINS[0], seeds) for row in rows_of(network)}
        for row, value in points.items():
            chance = points["random, types" if row in OF_TYPES else "random"]
            if value is not None and chance is not None and not row.startswith("random"):
                against_random.setdefault(row, []).append(value - chance)
    means = {row: sum(values) / len(values) for row, values in against_random.items()}
    if means:
        ranked = sorted(means, key=lambda row: -means[row])
        listed = ", ".join(f"{row} {means[row]:+.2f}" for row in ranked)
        said.append(f"points against random ({OF_TYPES[0]}: against {OF_TYPES[1]}), mean of the networks: {listed}")
    return "; ".join(said) + "."


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.2%}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{round(value):,}"

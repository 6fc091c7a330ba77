"""Puts the table of registered methods and measured tables into docs/pruning.md, between the comments that name them.

    python benchmarks/pruning.py && python benchmarks/update_pruning.py

With --check it only says whether the page is up to date.
"""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from tfcaps.pruning import METHODS

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "pruning.md"
# Of the measured table; the rest is in benchmarks/results/pruning.md.
COLUMNS = ("network", "method", "MAC left", "seeds", "pruned", "fine-tuned", "points against dense", "parameters",
           ".tflite, bytes", "arena of C", "instructions")  # fmt: skip


def methods() -> str:
    """A row a method, from the registry."""
    lines = ["| method | what goes | source | looks at images | options |", "|---|---|---|---|---|"]
    for name in METHODS:
        method = METHODS[name]
        own = [f"`{option}`" for option in method.options() if option not in ("steps", "schedule")]
        images = "yes" if method.needs_data else "no"
        lines.append(f"| `{name}` | {method.title} | {method.source} | {images} | {', '.join(own)} |")
    return "\n".join(lines)


def measured(name: str, columns: tuple[str, ...] | None = None) -> str:
    """The table of a page of results, or some of its columns, and the paragraph below it."""
    page = (RESULTS / f"{name}.md").read_text(encoding="utf-8")
    rows = [line.strip("|").split("|") for line in page.splitlines() if line.startswith("|")]
    heads = [cell.strip() for cell in rows[0]]
    chosen = [heads.index(column) for column in columns or heads]
    table = ["| " + " | ".join(row[k].strip() for k in chosen) + " |" for row in rows]
    return "\n".join([*table, "", page.split("|")[-1].strip()])


def filled(text: str) -> str:
    """`text` with what the comments ask for."""
    parts = {
        "methods": methods,
        "pruning": lambda: measured("pruning", COLUMNS),
    }

    def put(match: re.Match[str]) -> str:
        return f"{match[1]}\n{parts[match[2]]()}\n{match[3]}"

    return re.sub(r"(<!-- (\w+) -->)\n.*?(<!-- end -->)", put, text, flags=re.DOTALL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    text = PAGE.read_text(encoding="utf-8")
    if options.check and filled(text) != text:
        raise SystemExit("docs/pruning.md is out of date: run python benchmarks/update_pruning.py")
    PAGE.write_text(filled(text), encoding="utf-8")


if __name__ == "__main__":
    main()

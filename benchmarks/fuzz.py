"""Fuzzes the C for longer than the tests do, and says how much of it is reached.

    python benchmarks/fuzz.py --minutes 5                each target, with pointers of 64 and of 32 bits
    python benchmarks/fuzz.py --minutes 60 --target nn

What breaks is kept in out/fuzz, and so is every input that reached something new; nothing goes to the corpus by itself.
Needs clang-19 with libclang-rt-19-dev, g++-multilib for 32 bits, gcc and gcov for the coverage.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tempfile
from pathlib import Path

import report
from update_readme import filled

from tfcaps.micro import include_dir, source_files

ROOT = Path(__file__).resolve().parents[1]
FUZZ = include_dir().parent / "fuzz"
PAGE = ROOT / "docs" / "c_quality.md"
OUT = ROOT / "out" / "fuzz"
SANITIZERS = ("-g", "-O1", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all")
FILES = {  # what a target is there to reach
    "options": r"tfcaps_(options|flex_map)\.c",
    "capsules": r"tfcaps_(squash|length|capsule_dense|routing)\w*\.c",
    "convolutions": r"tfcaps_(conv|depthwise|fully_connected|dot|interleaved|paired|patches|requantize)\w*\.c",
    "nn": r"tfcaps_(add|average|binary|concat|elementwise|lookup|max|min|mul|pad|softmax|split|strided|sub|sum|"
    r"transpose|walk)\w*\.c",
}


def build(compiler: list[str], target: str, program: Path, *more: Path) -> None:
    """Compile a target with all kernels."""
    sources = [FUZZ / f"fuzz_{target}.c", FUZZ / "fuzz.c", *more, *source_files()]
    command = [*compiler, "-std=c99", f"-I{include_dir()}", "-o", str(program), *map(str, sources)]
    subprocess.run(command, cwd=program.parent, check=True)


def fuzz(target: str, bits: int, seconds: int) -> tuple[int, int]:
    """Runs made, and findings (0 or 1: the first one ends it)."""
    folder = OUT / target
    (folder / "found").mkdir(parents=True, exist_ok=True)
    program = folder / f"fuzz{bits}"
    build(["clang-19", f"-m{bits}", *SANITIZERS], target, program)
    options = [f"-max_total_time={seconds}", f"-seed={bits}", "-max_len=512", "-rss_limit_mb=2048"]
    if (FUZZ / f"{target}.dict").exists():
        options.append(f"-dict={FUZZ / f'{target}.dict'}")
    command = ["nice", str(program), *options, str(folder / "found"), str(FUZZ / "corpus" / target)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, errors="replace")
    if done.returncode:
        print(done.stderr[-3000:])
    runs = re.findall(r"^#(\d+)|Done (\d+) runs", done.stderr, flags=re.MULTILINE)
    return max(int(a or b) for a, b in runs), int(done.returncode != 0)


def coverage(target: str, inputs: list[Path]) -> str:
    """Lines and branches of the target's files that these inputs reach."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder, "replay")
        build(["gcc", "--coverage", "-O0"], target, program, FUZZ / "replay.c")
        subprocess.run([str(program), *map(str, inputs)], check=True, capture_output=True)
        data = [path.name for path in Path(folder).glob("*.gcda")]
        said = subprocess.run(["gcov", "-b", "-j", "-t", *data], cwd=folder, capture_output=True, check=True)
    lines: dict[tuple[str, int], bool] = {}
    branches: dict[tuple[str, int, int], bool] = {}
    for page in filter(None, said.stdout.splitlines()):
        for file in json.loads(page)["files"]:
            name = Path(file["file"]).name
            if not re.fullmatch(FILES[target], name):
                continue
            for line in file["lines"]:
                key = name, line["line_number"]
                lines[key] = lines.get(key, False) or line["count"] > 0
                for n, branch in enumerate(line["branches"]):
                    branches[*key, n] = branches.get((*key, n), False) or branch["count"] > 0
    shares = (f"{sum(hit.values())} of {len(hit)} {what}" for hit, what in ((lines, "lines"), (branches, "branches")))
    return ", ".join(shares)


def main() -> None:
    """Writes benchmarks/results/fuzz.md and its table in docs/c_quality.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0, help="for each target and each width")
    parser.add_argument("--target", action="append", choices=sorted(FILES))
    options = parser.parse_args()
    rows, seconds = [], int(60 * options.minutes)
    for target in options.target or FILES:
        corpus = sorted((FUZZ / "corpus" / target).iterdir())
        made = {bits: fuzz(target, bits, seconds) for bits in (64, 32)}
        found = sorted((OUT / target / "found").iterdir())
        counts = [f"{made[bits][0]:,}" for bits in made]
        findings = sum(finding for _, finding in made.values())
        rows.append([f"`fuzz_{target}`", *counts, findings, len(corpus), coverage(target, corpus + found)])
    columns = ["target", "runs, 64 bits", "runs, 32 bits", "findings", "corpus", "reached"]
    notes = f"{seconds} seconds for each target and width, with clang 19's address and undefined-behaviour\n"
    notes += "sanitizers. Reached are lines and branches of the files that a target is for."
    report.write("fuzz", "Fuzzing the C", columns, rows, notes)
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()

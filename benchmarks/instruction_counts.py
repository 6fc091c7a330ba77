"""Counts the instructions of every kernel and of whole networks, on every board, as its own variant and as plain C.

    python benchmarks/instruction_counts.py             measures all and writes results/instruction_counts.json and .md
    python benchmarks/instruction_counts.py --check     measures all and compares; writes nothing

All outputs are compared with the host's. Counts are exact and the same in every run of the same compiler; they are
instructions, never cycles. A test measures the main boards again and fails where a count has grown by more than 1 %.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import report
from cases.kernels import CASES
from cases.networks import NETWORKS, PUBLISHED

from every_op import merge  # isort: skip  (cases.case puts its folder on the path)

from tfcaps.converters import to_c
from tfcaps.errors import TfcapsError
from tfcaps.micro import boards, include_dir, source_files
from tfcaps.micro.boards.vectors import host, random_vectors
from tfcaps.micro.processors import PROCESSORS

TABLE = report.RESULTS / "instruction_counts.json"
# One of each kind of processor, which is measured in every variant; others are only as "core".
MAIN = ("cortex-m0", "cortex-m4", "cortex-m55", "rv32imac", "rv32gcv")
SCRATCH = 1 << 16  # bytes for single kernels: what each of them wants; networks give what lies free in their arena
TOLERANCE = 0.01  # of a count, before anybody hears of it
KERNELS = "kernels"  # the program of all single operators
SIZES = ("arena_bytes", "ram_bytes", "code_bytes", "weight_bytes", "stack_bytes")


@dataclasses.dataclass(frozen=True)
class Variant:
    """One way to compile the same model.

    Attributes:
        says: What it is, in words.
        flags: For the compiler.
        own_layout: Whether weights lie as is best for the board, or in the order of the .tflite.
        kept: Whether votes are kept whatever memory that takes. If not, networks keep them where the arena has room
            for them anyway, and single kernels make them anew.
    """

    says: str
    flags: tuple[str, ...] = ()
    own_layout: bool = False
    kept: bool = False


VARIANTS = {
    "core": Variant("all that the processor has, weights laid out for it ahead of time", own_layout=True),
    "kept": Variant("the same, and all votes kept between routing iterations", own_layout=True, kept=True),
    "file": Variant("all that the processor has, weights in the order of the .tflite, as TFLite Micro gives them"),
    "plain": Variant("plain C, weights in the order of the .tflite", ("-DTFCAPS_PLAIN_C",)),
}


def variants(board: boards.Board) -> list[str]:
    """Those that a board is measured in."""
    if board.name not in MAIN:
        return ["core"]
    return [name for name in VARIANTS if name != "file" or PROCESSORS[board.processor].layout != "plain"]


def program_names(variant: str) -> list[str]:
    """What is measured in a variant: our small networks only as they are used."""
    return [KERNELS, *(network.name for network in (NETWORKS if variant == "core" else PUBLISHED))]


# Processor, layout of weights, policy of votes, bytes that the arena may have.
Options = tuple[str | None, str | None, str, int]


@dataclasses.dataclass(frozen=True)
class Program:
    """Generated C, by options, with its inputs and the outputs that the host computes from them."""

    folders: dict[Options, Path]
    inputs: Sequence[Any]
    expected: Sequence[Any]


@dataclasses.dataclass(frozen=True)
class Job:
    """One program to measure."""

    program: str
    board: boards.Board
    variant: str

    @property
    def options(self) -> Options:
        """Of the generated C."""
        variant = VARIANTS[self.variant]
        single = self.program == KERNELS
        votes = "keep" if variant.kept else "recompute" if single else "auto"
        processor = None if variant.flags else self.board.processor
        return processor, None if variant.own_layout else "plain", votes, SCRATCH if single else 0


def generate(model: bytes, folder: Path, parts: Iterable[tuple[bytes, int]], options: Iterable[Options]) -> Program:
    """C of a model, and vectors for each part of it: a model of its own, and the seed of its inputs."""
    folder.mkdir()
    folders = {}
    for chosen in options:
        processor, layout, votes, ram = chosen
        folders[chosen] = folder / f"{processor}_{layout}_{votes}"
        to_c(model, folders[chosen], name=boards.MODEL_NAME, processor=processor, layout=layout, votes=votes, ram=ram)
    inputs: list[Any] = []
    expected: list[Any] = []
    for part, seed in parts:
        runner = host(part)
        given, computed = random_vectors(runner, runner.inputs, runner.outputs, 1, seed)
        inputs += given
        expected += computed
    return Program(folders, inputs, expected)


def programs(folder: Path, jobs: Sequence[Job]) -> dict[str, Program]:
    """What the jobs need, by name."""
    options: dict[str, dict[Options, None]] = {}
    for job in jobs:
        options.setdefault(job.program, {})[job.options] = None
    networks = {network.name: network for network in NETWORKS}
    found = {}
    for name, of_program in options.items():
        if name == KERNELS:
            model = merge(case.model() for case in CASES).to_bytes()
            parts = [(case.model().to_bytes(), case.seed) for case in CASES]
        else:
            model = networks[name].model().to_bytes()
            parts = [(model, 0)]
        found[name] = generate(model, folder / name, parts, of_program)
    return found


def measure(jobs: Sequence[Job]) -> list[boards.Measurement]:
    """As many at a time as there are processors.

    Raises:
        TfcapsError: Something does not build or run, or an output differs from the host's.
    """
    with tempfile.TemporaryDirectory(prefix="tfcaps") as name:
        folder = Path(name)
        generated = programs(folder, jobs)

        def compiled(pair: tuple[str, str]) -> list[Path]:
            board, variant = pair
            flags = [f"-I{include_dir()}", *VARIANTS[variant].flags]
            return boards.compile_kernels(boards.board(board), source_files(), folder / f"{board}_{variant}", flags)

        def one(job: Job) -> boards.Measurement:
            program, flags = generated[job.program], VARIANTS[job.variant].flags
            found = boards.measure(
                job.board,
                program.folders[job.options],
                program.inputs,
                program.expected,
                folder / f"{job.program}_{job.board.name}_{job.variant}",
                flags=flags,
                kernels=objects[job.board.name, job.variant],
            )
            if not found.exact:
                raise TfcapsError(f"outputs of {job.program} differ from the host's on {job.board.name}, {job.variant}")
            return found

        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            pairs = list(dict.fromkeys((job.board.name, job.variant) for job in jobs))
            objects = dict(zip(pairs, pool.map(compiled, pairs), strict=True))
            return list(pool.map(one, jobs))


def counts(job: Job, found: boards.Measurement) -> dict[str, Any]:
    """What the table keeps of a measurement: instructions by case, or a network's layers and sizes."""
    if job.program == KERNELS:
        last = itertools.accumulate(len(case.model().graph.operators) for case in CASES)
        return {case.name: found.layers[end - 1].instructions for case, end in zip(CASES, last, strict=True)}
    return {
        "instructions": found.instructions,
        "macs": found.macs,
        **{size: getattr(found, size) for size in SIZES},
        "layers": {f"{layer.index} {layer.op}": layer.instructions for layer in found.layers},
    }


def table_of(jobs: Sequence[Job]) -> dict[str, Any]:
    """[board][variant][program] -> what `counts` says."""
    table: dict[str, Any] = {}
    for job, found in zip(jobs, measure(jobs), strict=True):
        table.setdefault(job.board.name, {}).setdefault(job.variant, {})[job.program] = counts(job, found)
    return table


def all_jobs() -> list[Job]:
    """Every program of every variant of every board."""
    return [
        Job(name, board, variant)
        for board in boards.BOARDS.values()
        for variant in variants(board)
        for name in program_names(variant)
    ]


def compilers() -> dict[str, str]:
    """The compiler of every board, as it calls itself."""
    return {name: boards.version(board.toolchain.compiler) for name, board in boards.BOARDS.items()}


def flat(table: dict[str, Any]) -> dict[str, int]:
    """Every number of instructions of a table by its path, "cortex-m4 core kernels conv_2d 5x5..."."""
    found = {}
    for board, variants in table.items():
        for variant, measured in variants.items():
            for program, values in measured.items():
                named = values if program == KERNELS else {"all layers": values["instructions"], **values["layers"]}
                found |= {f"{board}, {variant}, {program}: {name}": count for name, count in named.items()}
    return found


@dataclasses.dataclass
class Difference:
    """What a new measurement has to say of the table, a line each."""

    grown: list[str]
    shrunk: list[str]
    missing: list[str]


def compare(committed: dict[str, Any], measured: dict[str, Any]) -> Difference:
    """Counts that were measured against those of the table; the table may have more."""
    old, new = flat(committed), flat(measured)
    found = Difference([], [], [f"{name}: {count}" for name, count in new.items() if name not in old])
    for name, count in new.items():
        if name in old and abs(count - old[name]) > TOLERANCE * old[name]:
            line = f"{name}: {count:,}, in the table {old[name]:,} ({count / old[name] - 1:+.1%})"
            (found.grown if count > old[name] else found.shrunk).append(line)
    return found


def write(table: dict[str, Any]) -> None:
    """The table for machines and for people."""
    cases = {case.name: {"operator": case.operator, "macs": case.macs, "outputs": case.outputs} for case in CASES}
    emulators = {boards.version(board.toolchain.qemu[0]) for board in boards.BOARDS.values()}
    header = {
        "command": "python benchmarks/instruction_counts.py",
        "commit": report.commit(),
        "optimisation": "-O3",
        "compilers": compilers(),
        "emulators": sorted(emulators),
        "layouts": {name: PROCESSORS[board.processor].layout for name, board in boards.BOARDS.items()},
        "variants": {name: variant.says for name, variant in VARIANTS.items()},
    }
    columns = ["", *(f"{board} {variant}" for board in table for variant in table[board])]
    sides = [side for measured in table.values() for side in measured.values()]
    rows: list[list[object]] = [[case.name, *(f"{side[KERNELS][case.name]:,}" for side in sides)] for case in CASES]
    for network in NETWORKS:
        measured = [side[network.name]["instructions"] if network.name in side else None for side in sides]
        rows.append([f"**{network.name}**", *("" if count is None else f"{count:,}" for count in measured)])
    versions = "; ".join(dict.fromkeys([*header["compilers"].values(), *header["emulators"]]))
    notes = f"One call of each kernel, and whole networks, compiled with -O3. {versions}.\n"
    notes += "; ".join(f"{name}: {variant.says}" for name, variant in VARIANTS.items()) + "."
    report.write("instruction_counts", "Instructions (not cycles) by kernel, network and board", columns, rows, notes)
    TABLE.write_text(json.dumps({"header": header, "cases": cases, "counts": table}, indent=1) + "\n")


def read() -> dict[str, Any]:
    """The committed table."""
    return json.loads(TABLE.read_text())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    table = table_of(all_jobs())
    if not options.check:
        write(table)
        return
    found = compare(read()["counts"], table)
    print("\n".join([*found.missing, *found.grown, *found.shrunk]) or "every count is as in the table")
    raise SystemExit(bool(found.missing or found.grown))


if __name__ == "__main__":
    main()

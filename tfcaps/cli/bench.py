"""`tfcaps bench`: what a .tflite costs on a microcontroller, in exact instructions and bytes."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click

from tfcaps.cli import options
from tfcaps.cli import output as files
from tfcaps.cli.console import naming
from tfcaps.errors import TfcapsError
from tfcaps.micro import boards

_ALL = "all"
_OPTIMISATIONS = ("O3", "O2", "Os")
_NOT_CYCLES = "Exact counts of instructions, the same in every run. Instructions are not cycles."


def _list_targets(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from tfcaps.cli import console

    rows = [[b.name, b.core, b.machine, b.toolchain.compiler, _state(b)] for b in boards.BOARDS.values()]
    console.print_table("targets", ["target", "processor", "machine in QEMU", "compiler", "state"], rows)
    ctx.exit()


def _state(board: boards.Board) -> str:
    lacking = boards.missing([board.toolchain])
    return f"{', '.join(lacking)} missing" if lacking else "ready"


@click.command()
@options.input_file("model")
@click.option(
    "--target",
    "targets",
    type=click.Choice([*boards.BOARDS, _ALL]),
    multiple=True,
    default=("cortex-m4",),
    help="Processor to measure on; repeatable, 'all' for every one.",
)
@click.option("--images", type=click.IntRange(1, 1000), default=1, help="Random images to run; counts are means.")
@options.seed_option
@click.option("--against", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Another .tflite.")
@click.option("--chart", type=click.Path(path_type=Path), help="Draw a bar chart by layer into this .png.")
@options.votes_option
@options.ram_option
@click.option(
    "--optimise",
    type=click.Choice(_OPTIMISATIONS),
    default="O3",
    help="What the compiler is told: O3 or O2 for few instructions, Os for little code.",
)
@click.option(
    "--timeout", type=options.POSITIVE, default=300, help="Seconds after which a program that does not end is stopped."
)
@click.option(
    "--list",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_targets,
    help="Show the targets and leave.",
)
@options.json_option
def bench(
    model: Path,
    targets: tuple[str, ...],
    images: int,
    seed: int,
    against: Path | None,
    chart: Path | None,
    votes: str,
    ram: int,
    optimise: str,
    timeout: int,
    as_json: bool,
) -> None:
    """Measure a .tflite on emulated microcontrollers.

    MODEL becomes C ahead of time, as `tfcaps compile --processor` writes it, is compiled and runs in QEMU. Its outputs
    are compared with the host's bit for bit. Counts are exact instructions, which are not cycles.
    """
    from tfcaps.cli import console

    if chart is not None:
        files.check(chart, ".png")
    chosen = list(boards.BOARDS.values() if _ALL in targets else map(boards.board, dict.fromkeys(targets)))
    boards.require([board.toolchain for board in chosen])
    memory = {"votes": votes, "ram": ram}
    on_boards = {"flags": [f"-{optimise}"], "timeout": timeout}
    found = _measure(model, chosen, images, seed, memory, on_boards)
    other = None if against is None else _measure(against, chosen, images, seed, memory, on_boards)
    if chart is not None:
        from tfcaps.micro.boards.chart import draw

        with files.replacing(chart) as part:
            draw(found, model.name, part)
    if as_json:
        console.print_json(_as_json(found, against, other))
    else:
        _print(model, found)
        if against is not None and other is not None:
            _print_ratios(model, found, against, other)
        click.echo(_NOT_CYCLES)
    wrong = [m.target for m in (*found, *(other or ())) if not m.exact]
    if wrong:
        raise TfcapsError(f"outputs differ from the host's on {', '.join(dict.fromkeys(wrong))}")


def _measure(
    model: Path,
    chosen: Sequence[boards.Board],
    images: int,
    seed: int,
    memory: dict[str, Any],
    on_boards: dict[str, Any],
) -> list[boards.Measurement]:
    """Generate the C once a processor, then build and run it for every board, as many at a time as cores."""
    from tfcaps.cli import console
    from tfcaps.converters import to_c
    from tfcaps.micro.boards.vectors import host, random_vectors

    file = model.read_bytes()
    with naming(model), console.busy(f"measuring {model.name}"), tempfile.TemporaryDirectory(prefix="tfcaps") as name:
        folder = Path(name)
        runner = host(file)
        processors = sorted({board.processor for board in chosen})
        generated = {processor: folder / f"for {processor}" for processor in processors}
        plans = [
            to_c(file, place, name=boards.MODEL_NAME, processor=processor, **memory)
            for processor, place in generated.items()
        ]
        program = plans[0].program
        ends = ([program.tensors[k] for k in indices] for indices in (program.inputs, program.outputs))
        inputs, expected = random_vectors(runner, *ends, images, seed)

        def on(board: boards.Board) -> boards.Measurement:
            place = folder / f"on {board.name}"
            return boards.measure(board, generated[board.processor], inputs, expected, place, **on_boards)

        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            return list(pool.map(on, chosen))


def _as_json(
    found: list[boards.Measurement], against: Path | None, other: list[boards.Measurement] | None
) -> list[dict[str, Any]]:
    listed = [dataclasses.asdict(m) for m in found]
    for entry, m in zip(listed, other or (), strict=False):
        ratio = entry["instructions"] / m.instructions
        entry["against"] = {"file": str(against), "ratio": ratio, **dataclasses.asdict(m)}
    return listed


def _print(model: Path, found: list[boards.Measurement]) -> None:
    from tfcaps.cli import console

    columns = ["target", "exact", "instructions", "MAC", "instr/MAC", "arena", "RAM", "stack", "code", "weights"]
    sizes = ("arena_bytes", "ram_bytes", "stack_bytes", "code_bytes", "weight_bytes")
    rows = [
        [m.target, m.exact, m.instructions, m.macs, _a_mac(m), *(getattr(m, size) for size in sizes)] for m in found
    ]
    console.print_table(f"{model.name}, one image; memory in bytes", columns, rows, whole="target")
    for m in found:
        rows = [
            [layer.index, layer.op, layer.name, layer.instructions, layer.macs, _a_mac(layer), layer.policy or "-"]
            for layer in m.layers
        ]
        console.print_table(
            f"layers on {m.target}",
            ["#", "operator", "name", "instructions", "MAC", "instr/MAC", "policy"],
            rows,
            "operator",
        )


def _a_mac(figures: boards.Measurement | boards.Layer) -> str:
    return f"{figures.instructions / figures.macs:.2f}" if figures.macs else "-"


def _print_ratios(model: Path, found: list[boards.Measurement], against: Path, other: list[boards.Measurement]) -> None:
    from tfcaps.cli import console

    kinds = ("instructions", "ram_bytes", "code_bytes", "weight_bytes")
    rows = []
    for a, b in zip(found, other, strict=True):
        pairs = [(getattr(a, kind), getattr(b, kind)) for kind in kinds]
        rows.append([a.target, *(f"{mine / its:.3f}" if its else "-" for mine, its in pairs)])
    console.print_table(
        f"{model.name} / {against.name}", ["target", "instructions", "RAM", "code", "weights"], rows, whole="target"
    )

"""`tfcaps compile`: an int8 .tflite becomes a C program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tfcaps.cli import options
from tfcaps.cli import output as files
from tfcaps.cli.console import naming
from tfcaps.micro.processors import PROCESSORS


@click.command()
@options.input_file("model")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default="out",
    help="Folder to write; files of the same names in it are replaced.",
)
@click.option("--name", help="Prefix of files and functions, a C identifier; made of the file's name if left out.")
@click.option(
    "--image",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Image (.npy, .png ...) for the program's self-test; noise if left out.",
)
@click.option("--plan", "picture", type=click.Path(path_type=Path), help="Draw the memory plan as a .png.")
@click.option("--inputs-in-arena", is_flag=True, help="Have the inputs in the arena: less memory in all.")
@click.option(
    "--processor",
    type=click.Choice(list(PROCESSORS)),
    help="What the program shall be quick on: sets --layout and what votes of auto means. It runs on all.",
)
@click.option("--layout", help="How the weights lie: that of --processor if left out, or plain without one.")
@options.votes_option
@options.ram_option
@click.option("--cmsis-nn", is_flag=True, help="Plan the memory so that CMSIS-NN can take layers.")
@options.json_option
def compile(
    model: Path,
    output: Path,
    name: str | None,
    image: Path | None,
    picture: Path | None,
    inputs_in_arena: bool,
    processor: str | None,
    layout: str | None,
    votes: str,
    ram: int,
    cmsis_nn: bool,
    as_json: bool,
) -> None:
    """Turn a .tflite into a C program.

    MODEL becomes a folder of C99 that runs it without interpreter, allocation or floating point: the calls of the
    kernels, the weights, a self-test, and the kernels themselves.
    """
    if picture is not None:
        files.check(picture, ".png")
    from tfcaps.cli import console
    from tfcaps.converters.c import draw_plan, name_of_file, to_c

    with naming(model):
        plan = to_c(
            model,
            output,
            name=name or name_of_file(model),
            self_test=_self_test(image, model),
            inputs_in_arena=inputs_in_arena,
            processor=processor,
            layout=layout,
            votes=votes,
            ram=ram,
            cmsis_nn=cmsis_nn,
        )
    if picture is not None:
        with files.replacing(picture) as part:
            draw_plan(plan, part)
    if as_json:
        console.print_json({"folder": str(output), **plan.facts()})
        return
    print(plan.text())
    console.print_table(
        f"{model.name} in {output}" + (f", laid out for {processor}" if processor else ""),
        ["#", "operator", "layer", "MAC", "weights", "layout", "scratch", "policy"],
        [
            [
                layer.index,
                layer.op,
                layer.name,
                layer.emission.macs,
                layer.weight_bytes,
                layer.layout,
                layer.emission.scratch,
                layer.policy or "-",
            ]
            for layer in plan.program.layers
        ],
        whole="operator",
    )


def _self_test(image: Path | None, model: Path) -> Any:
    """The first image of a file in the model's integers."""
    if image is None:
        return None
    from tfcaps.cli import pictures
    from tfcaps.converters.c import build_program
    from tfcaps.errors import DataError
    from tfcaps.runtime.batches import quantize
    from tfcaps.runtime.tflite_file import read_tflite

    program = build_program(read_tflite(model))
    if len(program.inputs) != 1:
        raise DataError(f"{image}: expected a model with one input, this one has {len(program.inputs)}")
    tensor = program.tensors[program.inputs[0]]
    return quantize(pictures.read(image, tensor.shape[1:])[0].pixels[None], tensor)

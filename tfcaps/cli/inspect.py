"""`tfcaps inspect`: what is in a .tflite."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from tfcaps.cli import options
from tfcaps.cli.console import naming


@click.command()
@options.input_file("model")
@options.json_option
def inspect(model: Path, as_json: bool) -> None:
    """Show what is in a .tflite.

    The operators of MODEL with their shapes, scales, sizes and custom options.
    """
    from tfcaps.cli import console
    from tfcaps.cli.file_profile import profile_of

    with naming(model):
        profile = profile_of(model)
    if as_json:
        console.print_json(dataclasses.asdict(profile))
        return
    ends = [("input", tensor) for tensor in profile.inputs] + [("output", tensor) for tensor in profile.outputs]
    console.print_table(
        str(model),
        ["", "name", "type", "shape", "scale", "zero point"],
        [[role, t.name, t.dtype, _shape(t.shape), t.scale, t.zero_point] for role, t in ends],
    )
    console.print_table(
        "operators, with the bytes of their weights and other constants",
        ["#", "operator", "input", "output", "scale", "zero", "bytes"],
        [
            [
                number,
                op.name,
                ", ".join(_shape(t.shape) for t in op.inputs),
                ", ".join(_shape(t.shape) for t in op.outputs),
                float(f"{op.outputs[0].scale:.4g}"),
                op.outputs[0].zero_point,
                op.constant_bytes,
            ]
            for number, op in enumerate(profile.operators)
        ],
        whole="operator",
    )
    custom = [(number, op) for number, op in enumerate(profile.operators) if op.options]
    console.print_table(
        "custom options",
        ["#", "operator", "option", "value"],
        [[number, op.name, key, _short(value)] for number, op in custom for key, value in op.options.items()],
        whole="operator",
    )
    console.print_pairs(
        "sizes in bytes",
        [
            ("file", profile.file_bytes),
            ("constants (weights and biases)", profile.constant_bytes),
            ("largest activation", profile.largest_activation_bytes),
        ],
    )


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "scalar"


def _short(value: int | list[int]) -> str:
    return f"{min(value)} ... {max(value)} ({len(value)})" if isinstance(value, list) and value else str(value)

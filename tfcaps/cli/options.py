"""Options that several sub-commands share, spelt once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Fraction(click.FloatRange):
    """A FloatRange that does not take "nan" for a number."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read it."""
        number = super().convert(value, param, ctx)
        if number != number:
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


POSITIVE = click.IntRange(min=1)
SEED = click.IntRange(0, 2**32 - 1)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
seed_option = click.option("--seed", type=SEED, default=0, help="Seed of everything random.")
votes_option = click.option(
    "--votes",
    type=click.Choice(["auto", "keep", "recompute"]),
    default="auto",
    show_default=True,
    help="Votes of capsule layers between iterations: kept if that is quicker and the arena has room, always or never.",
)
ram_option = click.option(
    "--ram", type=click.IntRange(min=0), default=0, help="Bytes the arena may have, if layers are quicker with more."
)
batch_size_option = click.option("--batch-size", type=POSITIVE, default=128, help="Images in a training step.")


def data_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """--data, --data-dir and --image-size: which images."""
    for option in (
        click.option(
            "--image-size", type=POSITIVE, help="Shrink the images to this height and width by averaging blocks."
        ),
        click.option(
            "--data-dir", type=click.Path(path_type=Path), help="Folder to look for the data set's files in first."
        ),
        click.option(
            "--data",
            default="fashion_mnist",
            help="Data set: fashion_mnist, mnist5k, digits, or the path of an .npz or of a folder of idx, CIFAR or "
            "smallNORB files.",
        ),
    ):
        function = option(function)
    return function


def input_file(name: str) -> Decorator:
    """A positional file that must exist."""
    return click.argument(name, type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))


def output_option(default: str) -> Decorator:
    """-o: the file to write."""
    return click.option(
        "-o", "--output", type=click.Path(path_type=Path), default=default, help="File to write; replaced if it exists."
    )


def epochs_option(default: int) -> Decorator:
    """--epochs."""
    return click.option("--epochs", type=POSITIVE, default=default, help="Passes over the training images.")


def learning_rate_option(default: float) -> Decorator:
    """--learning-rate."""
    return click.option(
        "--learning-rate",
        type=Fraction(min=0, min_open=True, max=10),
        default=default,
        help="Adam's step size in the first epoch.",
    )


decay_option = click.option(
    "--decay",
    type=Fraction(min=0, min_open=True, max=1),
    default=0.9,
    help="The step size is multiplied by it after every epoch.",
)


def samples_option(what: str) -> Decorator:
    """--samples: how many images at most."""
    return click.option("--samples", type=POSITIVE, help=f"Take so many {what} images at random; all if left out.")


backend_option = click.option(
    "--backend",
    type=click.Choice(["litert", "tflm"]),
    default="litert",
    help="Runtime for a .tflite: LiteRT or TensorFlow Lite Micro.",
)

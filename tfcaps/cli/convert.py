"""`tfcaps convert`: a trained model becomes an int8 .tflite."""

from __future__ import annotations

import time
from pathlib import Path

import click

from tfcaps.cli import options
from tfcaps.cli import output as files


@click.command()
@options.input_file("model")
@options.data_options
@click.option(
    "--calibration-samples",
    type=options.POSITIVE,
    default=200,
    help="Training images to find the ranges of activations with; a .qat file brings its own.",
)
@options.seed_option
@options.output_option("model.tflite")
@options.json_option
def convert(
    model: Path,
    data: str,
    data_dir: Path | None,
    image_size: int | None,
    calibration_samples: int,
    seed: int,
    output: Path,
    as_json: bool,
) -> None:
    """Turn a model into an int8 .tflite.

    MODEL is a .keras or .qat file; its capsule layers become custom operators.
    """
    files.check(output, ".tflite")
    from tfcaps.cli import console, model_files

    keras_model = model_files.for_device(model_files.load(model))
    from tfcaps.converters import to_tflite

    start = time.monotonic()
    if model_files.is_qat(model):
        with console.busy(f"converting {model.name}"):
            file = to_tflite(keras_model)
    else:
        from tfcaps.cli.data import DataChoice, check_fits

        images = DataChoice(data, data_dir, image_size).load()
        check_fits(images, keras_model.input_shape)
        chosen = images.calibration(min(calibration_samples, len(images.x_train)), seed)
        with console.busy(f"calibrating and converting {model.name}"):
            file = to_tflite(keras_model, chosen, calibration_samples=None)
    seconds = time.monotonic() - start
    with files.replacing(output) as part:
        part.write_bytes(file)
    facts = {"file": str(output), "file_bytes": len(file), "seconds": round(seconds, 2)}
    if as_json:
        console.print_json(facts)
    else:
        console.print_pairs(f"{model.name} converted", [(key.replace("_", " "), value) for key, value in facts.items()])

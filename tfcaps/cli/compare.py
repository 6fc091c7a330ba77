"""`tfcaps compare`: how faithful an int8 file is to its model, and whether it routes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from tfcaps.cli import options
from tfcaps.cli.console import naming

_SAYS = {
    "coupling_correlation": "correlation of couplings",
    "coupling_sum_error_lsb": "couplings' distance from a sum of one, in 2^-15",
    "mean_length_error": "mean |length error|",
    "agreement": "same prediction",
    "accuracy_float": "accuracy, float",
    "accuracy_int8": "accuracy, int8",
    "samples": "images",
}


@click.command()
@options.input_file("model")
@options.input_file("tflite")
@options.data_options
@options.samples_option("test")
@options.seed_option
@options.json_option
def compare(
    model: Path,
    tflite: Path,
    data: str,
    data_dir: Path | None,
    image_size: int | None,
    samples: int | None,
    seed: int,
    as_json: bool,
) -> None:
    """Compare a .tflite with its model.

    MODEL is a .keras or .qat file, TFLITE was made from it; both see test images. Accuracy is no proof that an int8
    capsule network routes: the correlation of its couplings with those of the model is.
    """
    from tfcaps.cli import console
    from tfcaps.cli.data import DataChoice, check_fits
    from tfcaps.runtime.tflite_file import read_tflite

    file = tflite.read_bytes()
    with naming(tflite):
        read_tflite(file)  # a bad file is found before the model is loaded
    images = DataChoice(data, data_dir, image_size).load().subset(test=samples, seed=seed)
    from tfcaps.cli import model_files

    keras_model = model_files.for_device(model_files.load(model))
    check_fits(images, keras_model.input_shape)
    from tfcaps.converters.compare import compare as figures_of

    with console.progress("comparing", len(images.x_test)) as show:
        figures = dataclasses.asdict(figures_of(keras_model, file, images.x_test, images.y_test, progress=show))
    if as_json:
        console.print_json(figures)
    else:
        title = f"{tflite.name} against {model.name} on {images.name}"
        console.print_pairs(title, [(_SAYS[key], value) for key, value in figures.items()])

"""`tfcaps run`: what a .tflite says about single images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tfcaps.cli import options


@click.command()
@options.input_file("model")
@click.argument("images", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@options.data_options
@click.option("--index", type=click.IntRange(min=0), multiple=True, help="Take this test image of --data; repeatable.")
@options.backend_option
@options.json_option
def run(
    model: Path,
    images: tuple[Path, ...],
    data: str,
    data_dir: Path | None,
    image_size: int | None,
    index: tuple[int, ...],
    backend: str,
    as_json: bool,
) -> None:
    """Run a model on single images.

    MODEL is a .tflite, .keras or .qat file; IMAGES are files (.npy, .png ...), or test images of --data by --index.

    An .npy file holds one image or several, [H, W], [H, W, C] or [N, H, W, C], as bytes or as floats in [0, 1].
    """
    from tfcaps.cli import console, evaluation, pictures

    if not images and not index:
        raise click.UsageError("nothing to run on: name image files, or give --data and --index")
    predictor = evaluation.open_model(model, backend)
    inputs = [entry for path in images for entry in pictures.read(path, predictor.input_shape)]
    if index:
        from tfcaps.cli.data import DataChoice, check_fits

        chosen = DataChoice(data, data_dir, image_size).load()
        check_fits(chosen, predictor.input_shape)
        inputs += pictures.from_data(chosen, index)
    results: list[dict[str, Any]] = []
    for picture in inputs:
        scores = predictor.predict(picture.pixels[None])[0]
        results.append(
            {"input": picture.name, "prediction": int(scores.argmax()), "label": picture.label, "scores": scores}
        )
    if as_json:
        console.print_json({"runtime": predictor.runtime, "results": results})
        return
    rows = [[r["input"], r["prediction"], r["label"], " ".join(f"{s:.2f}" for s in r["scores"])] for r in results]
    console.print_table(f"{model.name} in {predictor.runtime}", ["image", "class", "label", "scores"], rows)

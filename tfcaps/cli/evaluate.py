"""`tfcaps evaluate`: accuracy on test images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tfcaps.cli import options


@click.command()
@options.input_file("model")
@options.data_options
@options.samples_option("test")
@options.backend_option
@options.seed_option
@options.json_option
def evaluate(
    model: Path,
    data: str,
    data_dir: Path | None,
    image_size: int | None,
    samples: int | None,
    backend: str,
    seed: int,
    as_json: bool,
) -> None:
    """Measure accuracy on test images.

    MODEL is a .tflite, .keras or .qat file.
    """
    from tfcaps.cli import console, evaluation
    from tfcaps.cli.data import DataChoice, check_fits

    predictor = evaluation.open_model(model, backend)
    images = DataChoice(data, data_dir, image_size).load().subset(test=samples, seed=seed)
    check_fits(images, predictor.input_shape)
    with console.progress(f"evaluating {model.name}", len(images.x_test)) as show:
        score = evaluation.evaluate(predictor, images.x_test, images.y_test, show)
    facts: dict[str, Any] = {
        "file": str(model),
        "runtime": predictor.runtime,
        "data": images.name,
        "samples": score.samples,
        "accuracy": score.accuracy,
        "ms_per_image": round(1000 * score.seconds / score.samples, 3),
        "file_bytes": model.stat().st_size,
        "arena_used_bytes": predictor.arena_used_bytes(),
    }
    if as_json:
        console.print_json(facts)
    else:
        pairs = [(name.replace("_", " "), value) for name, value in facts.items() if value is not None]
        console.print_pairs(f"{model.name} on {images.name}", pairs)

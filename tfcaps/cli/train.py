"""`tfcaps train`: a ready capsule network on images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tfcaps.cli import options
from tfcaps.cli import output as files


@click.command()
@click.option(
    "--model", "model_name", default="micro", help="micro, tiny, q7_mnist, q7_cifar10, q7_smallnorb or capsnet."
)
@click.option("--iterations", type=click.IntRange(1, 16), default=3, help="Routing iterations.")
@click.option("--leaky", is_flag=True, help="Leaky routing: an input capsule may belong to no class.")
@options.data_options
@options.samples_option("training")
@options.epochs_option(10)
@options.batch_size_option
@options.learning_rate_option(0.001)
@options.decay_option
@options.seed_option
@options.output_option("model.keras")
@options.json_option
def train(
    model_name: str,
    iterations: int,
    leaky: bool,
    data: str,
    data_dir: Path | None,
    image_size: int | None,
    samples: int | None,
    output: Path,
    as_json: bool,
    **recipe: Any,
) -> None:
    """Train a capsule network.

    Writes a .keras file.
    """
    files.check(output, ".keras")
    from tfcaps.cli.data import DataChoice

    images = DataChoice(data, data_dir, image_size).load().subset(train=samples, seed=recipe["seed"])
    from tfcaps import models, routing
    from tfcaps._keras import keras
    from tfcaps.cli import model_files, training

    keras.utils.set_random_seed(recipe["seed"])
    chosen = routing.Dynamic(iterations, leaky=leaky)
    model = models.build(model_name, images.input_shape, images.num_classes, routing=chosen)
    results = training.fit(model, images, training.Recipe(**recipe), what=f"training {model_name}")
    with files.replacing(output) as part:
        model_files.save(model, part)
    facts = {
        "model": model_name,
        "data": images.name,
        "parameters": model.count_params(),
        "accuracy": results[-1].test_accuracy,
        "file": str(output),
        "file_bytes": output.stat().st_size,
    }
    training.report(f"{model_name} on {images.name}", results, facts, as_json)

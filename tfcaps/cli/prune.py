"""`tfcaps prune`: make small weights zero while training goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tfcaps.cli import options
from tfcaps.cli import output as files


@click.command()
@options.input_file("model")
@click.option(
    "--sparsity", type=options.Fraction(0, 1, max_open=True), default=0.5, help="Fraction of the weights to prune."
)
@click.option(
    "--block",
    type=click.Choice(["element", "transformation", "2:4"]),
    default="element",
    help="What goes as one: single weights, the matrix between two capsules, or two of any four weights.",
)
@click.option(
    "--schedule",
    type=click.Choice(["polynomial", "constant"]),
    default="polynomial",
    help="Prune step by step in the first three quarters of the run, or at once.",
)
@options.data_options
@options.samples_option("training")
@options.epochs_option(3)
@options.batch_size_option
@options.learning_rate_option(0.001)
@options.decay_option
@options.seed_option
@options.output_option("pruned.keras")
@options.json_option
def prune(
    model: Path,
    sparsity: float,
    block: str,
    schedule: str,
    data: str,
    data_dir: Path | None,
    image_size: int | None,
    samples: int | None,
    output: Path,
    as_json: bool,
    **recipe: Any,
) -> None:
    """Prune a model while training it on.

    MODEL is a .keras file, and so is the output: the weights of smallest magnitude in it are zero.
    """
    files.check(output, ".keras")
    from tfcaps.cli.data import DataChoice

    images = DataChoice(data, data_dir, image_size).load().subset(train=samples, seed=recipe["seed"])
    from tfcaps.cli import model_files

    dense = model_files.load(model, trainable=True)
    from tfcaps import pruning
    from tfcaps.cli import training

    plan = training.Recipe(**recipe)
    if block == "2:4":
        under = pruning.prune_low_magnitude(dense, block=block, sparsity=sparsity)
    elif schedule == "constant":
        under = pruning.prune_low_magnitude(dense, pruning.constant(sparsity), block=block)
    else:
        under = pruning.prune_low_magnitude(dense, pruning.polynomial_decay(plan.steps(images), sparsity), block=block)
    results = training.fit(under, images, plan, what=f"pruning {model.name}", callbacks=pruning.callbacks())
    sparse = pruning.strip_pruning(under)
    with files.replacing(output) as part:
        model_files.save(sparse, part)
    found = pruning.sparsity_report(sparse)
    facts = {
        "data": images.name,
        "parameters": found.parameters,
        "weights": found.weights,
        "nonzeros": found.nonzeros,
        "sparsity": found.sparsity,
        "accuracy": results[-1].test_accuracy,
        "file": str(output),
        "file_bytes": output.stat().st_size,
    }
    training.report(f"{model.name} pruned on {images.name}", results, facts, as_json)

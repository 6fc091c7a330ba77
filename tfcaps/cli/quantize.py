"""`tfcaps quantize`: quantisation-aware training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tfcaps.cli import options
from tfcaps.cli import output as files


@click.command()
@options.input_file("model")
@click.option(
    "--preserve-sparsity/--no-preserve-sparsity", default=True, help="Weights that are zero (pruned) stay zero."
)
@options.data_options
@options.samples_option("training")
@options.epochs_option(2)
@options.batch_size_option
@options.learning_rate_option(0.0003)
@options.decay_option
@options.seed_option
@options.output_option("model.qat")
@options.json_option
def quantize(
    model: Path,
    preserve_sparsity: bool,
    data: str,
    data_dir: Path | None,
    image_size: int | None,
    samples: int | None,
    output: Path,
    as_json: bool,
    **recipe: Any,
) -> None:
    """Train a model on with int8 rounding in it.

    MODEL is a .keras file, the output a .qat file for `tfcaps convert` (a name in .keras is allowed, but Keras itself
    cannot read it). This step is optional: `tfcaps convert` also takes a .keras file and calibrates on some images.
    """
    files.check(output, ".qat", ".keras")
    from tfcaps.cli.data import DataChoice

    images = DataChoice(data, data_dir, image_size).load().subset(train=samples, seed=recipe["seed"])
    from tfcaps.cli import model_files

    floating = model_files.load(model, trainable=True)
    from tfcaps.cli import training
    from tfcaps.pruning import sparsity_report
    from tfcaps.quantization import quantize_model

    quantized = quantize_model(floating, preserve_sparsity=preserve_sparsity)
    results = training.fit(quantized, images, training.Recipe(**recipe), what=f"quantising {model.name}")
    with files.replacing(output) as part:
        model_files.save_qat(floating, quantized, part, preserve_sparsity=preserve_sparsity)
    found = sparsity_report(quantized)
    facts = {
        "data": images.name,
        "parameters": found.parameters,
        "nonzeros": found.nonzeros,
        "sparsity": found.sparsity,
        "accuracy": results[-1].test_accuracy,
        "file": str(output),
        "file_bytes": output.stat().st_size,
    }
    training.report(f"{model.name} quantised on {images.name}", results, facts, as_json)

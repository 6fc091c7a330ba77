"""`tfcaps prune`: a smaller model by a pruning method, or one with zeros while training goes on."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from tfcaps.cli import options
from tfcaps.cli import output as files
from tfcaps.errors import ModelError
from tfcaps.micro import boards

# Named here too, so that --help and completion need no TensorFlow; a test compares them with the registry.
MAGNITUDE = "magnitude"
METHODS = (
    "capsules", "complexity", "eagleeye", "fpgm", "l1", "l2", "lamp", "nisp", "random", "sbpf", "slimming", "smcp",
    "taylor",
)  # fmt: skip
METRICS = ("parameters", "macs", "activation_bytes", "arena_bytes", "instructions")
_SCHEDULES = {MAGNITUDE: ("polynomial", "constant"), "others": ("cubic", "linear", "geometric")}
_ONLY_MAGNITUDE = ("sparsity", "block")
_NOT_MAGNITUDE = ("target", "board", "steps", "group", "option", "picture")


class TargetType(click.ParamType):
    """METRIC=VALUE: a metric and what may remain of it, as a fraction, in percent or absolute."""

    name = "METRIC=VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read it."""
        metric, _, number = str(value).partition("=")
        if metric not in METRICS:
            self.fail(f"{metric!r} is not one of {', '.join(METRICS)}; write macs=0.5.", param, ctx)
        try:
            if number.endswith("%"):
                percent = float(number[:-1])
                if not 0.0 < percent <= 100.0:
                    self.fail(f"{number} is not above 0% and up to 100%, the part that may remain.", param, ctx)
                return {metric: percent / 100.0}
            return {metric: float(number) if set(number) & set(".eE") else int(number)}
        except ValueError:
            self.fail(f"{number!r} is not a number; write {metric}=0.5 or {metric}=50%.", param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The metrics."""
        return [CompletionItem(f"{metric}=", type="nospace") for metric in METRICS if metric.startswith(incomplete)]


def _one_target(ctx: click.Context, param: click.Parameter, value: tuple[Any, ...]) -> Any:
    """The only --target; of two the first would be silently forgotten."""
    if len(value) > 1:
        raise click.UsageError(f"expected one --target, got {len(value)}")
    return value[0] if value else None


class OptionType(click.ParamType):
    """NAME=VALUE: an option of a method."""

    name = "NAME=VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read it."""
        name, equals, text = str(value).partition("=")
        if not equals or not name.isidentifier():
            self.fail(f"{value!r} is not a name and a value; write samples=256.", param, ctx)
        try:
            return name, ast.literal_eval(text)
        except (ValueError, SyntaxError):
            return name, text


def _list_methods(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from tfcaps.cli import console
    from tfcaps.pruning import METHODS as REGISTERED

    common = ("steps", "schedule")
    rows = [[MAGNITUDE, "Weights of the smallest magnitude become zero while training goes on", "Zhu and Gupta 2017",
             "yes", "--sparsity --block --schedule"]]  # fmt: skip
    for name in REGISTERED:
        method = REGISTERED[name]
        own = [f"{option}={default}" for option, default in method.options().items() if option not in common]
        rows.append([name, method.title, method.source, "yes" if method.needs_data else "", " ".join(own)])
    columns = ["method", "what goes", "source", "looks at images", "--option"]
    console.print_table("pruning methods", columns, rows, whole="method")
    ctx.exit()


@click.command()
@options.input_file("model")
@click.option("--method", type=click.Choice([MAGNITUDE, *METHODS]), show_default=False,
              help="How: magnitude makes weights zero, all others remove filters, units and capsules. slimming by "
              "default where there is a --target, else magnitude.")  # fmt: skip
@click.option("--target", type=TargetType(), multiple=True, callback=_one_target,
              help="What may remain: macs=0.5, parameters=20000, arena_bytes=50%.")  # fmt: skip
@click.option("--board", type=click.Choice(list(boards.BOARDS)), help="Whose instructions a --target in them means.")
@click.option("--steps", type=options.POSITIVE, help="Prune and train on so often by turns. [default: 1]")
@click.option("--group", multiple=True, help="Cut only this layer's channels; repeatable. All that can be by default.")
@click.option("--option", type=OptionType(), multiple=True, help="An option of the method; repeatable.")
@click.option("--sparsity", type=options.Fraction(0, 1, max_open=True), show_default=False,
              help="magnitude: fraction of the weights to prune. [default: 0.5]")  # fmt: skip
@click.option("--block", type=click.Choice(["element", "transformation", "2:4"]), show_default=False,
              help="magnitude: what is pruned as one: single weights, whole matrices between capsules, two of four. "
              "[default: element]")  # fmt: skip
@click.option("--schedule", type=click.Choice([*_SCHEDULES[MAGNITUDE], *_SCHEDULES["others"]]), show_default=False,
              help="How pruning grows: polynomial or constant with magnitude, cubic, linear or geometric over --steps. "
              "[default: polynomial, cubic]")  # fmt: skip
@click.option("--picture", type=click.Path(path_type=Path), help="Draw the report into this .png.")
@click.option("--list", is_flag=True, is_eager=True, expose_value=False, callback=_list_methods,
              help="Show the methods and leave.")  # fmt: skip
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
    method: str | None,
    data: str,
    data_dir: Path | None,
    image_size: int | None,
    samples: int | None,
    output: Path,
    as_json: bool,
    schedule: str | None,
    picture: Path | None,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    decay: float,
    seed: int,
    **own: Any,
) -> None:
    """Prune a model and train it on.

    MODEL is a .keras file, and so is the output: with a --target a smaller network, without one the same network with
    zeros for weights.
    """
    files.check(output, ".keras")
    method = method or ("slimming" if own["target"] else MAGNITUDE)
    _check(method, {**own, "picture": picture}, schedule)
    if picture is not None:
        files.check(picture, ".png")
    from tfcaps.cli.data import DataChoice

    images = DataChoice(data, data_dir, image_size).load().subset(train=samples, seed=seed)
    from tfcaps.cli import model_files

    dense = model_files.load(model, trainable=True)
    from tfcaps.cli import training

    recipe = training.Recipe(epochs, batch_size, learning_rate, decay, seed)
    if method == MAGNITUDE:
        sparsity = 0.5 if own["sparsity"] is None else own["sparsity"]
        _magnitude(model, dense, images, recipe, sparsity, own["block"] or "element", schedule, output, as_json)
    else:
        _structured(model, dense, images, recipe, method, schedule, picture, output, as_json, **own)


def _check(method: str, given: dict[str, Any], schedule: str | None) -> None:
    """Complain about options that mean nothing to a method."""
    kind = MAGNITUDE if method == MAGNITUDE else "others"
    foreign = [
        name for name in (_NOT_MAGNITUDE if kind == MAGNITUDE else _ONLY_MAGNITUDE) if given[name] not in (None, ())
    ]
    if foreign:
        raise click.UsageError(f"--{foreign[0]} means nothing to --method {method}: leave one of them out")
    if schedule is not None and schedule not in _SCHEDULES[kind]:
        raise click.UsageError(f"--method {method} takes --schedule {' or '.join(_SCHEDULES[kind])}, not {schedule}")
    if kind == MAGNITUDE:
        return
    if given["target"] is None:
        raise click.UsageError(f"--method {method} needs a --target, such as macs=0.5")
    if given["board"] is not None and "instructions" not in given["target"]:
        raise click.UsageError("--board goes with a --target in instructions")


def _magnitude(
    path: Path, dense: Any, images: Any, recipe: Any, sparsity: float, block: str, schedule: str | None, output: Path,
    as_json: bool,
) -> None:  # fmt: skip
    """Make the weights of smallest magnitude zero."""
    from tfcaps import pruning
    from tfcaps.cli import model_files, training

    if block == "2:4":
        under = pruning.prune_low_magnitude(dense, block=block, sparsity=sparsity)
    elif schedule == "constant":
        under = pruning.prune_low_magnitude(dense, pruning.constant(sparsity), block=block)
    else:
        under = pruning.prune_low_magnitude(
            dense, pruning.polynomial_decay(recipe.steps(images), sparsity), block=block
        )
    results = training.fit(under, images, recipe, what=f"pruning {path.name}", callbacks=pruning.callbacks())
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
    training.report(f"{path.name} pruned on {images.name}", results, facts, as_json)


def _structured(
    path: Path, dense: Any, images: Any, recipe: Any, method: str, schedule: str | None, picture: Path | None,
    output: Path, as_json: bool, *, target: dict[str, Any], board: str | None, steps: int | None,
    group: tuple[str, ...], option: tuple[tuple[str, Any], ...], **_: Any,
) -> None:  # fmt: skip
    """Remove filters, units and capsules."""
    from tfcaps import pruning
    from tfcaps.cli import console, model_files
    from tfcaps.cli.data import check_fits

    if len(dense.outputs) != 1:
        raise ModelError(
            f"{path}: the model has {len(dense.outputs)} outputs, and a data set labels for one: prune it with "
            "tfcaps.pruning.prune in Python"
        )
    if len(dense.inputs) == 1:
        check_fits(images, dense.input_shape, dense.output_shape[-1])
    fine_tune = pruning.FineTuning(recipe.epochs, recipe.batch_size, recipe.learning_rate, recipe.decay)
    with console.naming(path), console.stages(f"pruning {path.name}") as show:
        result = pruning.prune(
            dense,
            method,
            target=target if board is None else {**target, "board": board},
            data=images,
            fine_tune=fine_tune,
            steps=steps,
            schedule=schedule,
            groups=group or None,
            seed=recipe.seed,
            progress=show,
            **dict(option),
        )
    with files.replacing(output) as part:
        model_files.save(result.model, part)
    if picture is not None:
        with files.replacing(picture) as part:
            result.report.draw(part)
    facts = {"data": images.name, "file": str(output), "file_bytes": output.stat().st_size}
    if as_json:
        console.print_json({**result.report.to_dict(), **facts})
        return
    result.report.show()
    console.print_pairs("", [(name.replace("_", " "), value) for name, value in facts.items()])

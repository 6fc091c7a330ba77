"""`tfcaps deploy`: a .tflite becomes a project for a device."""

from __future__ import annotations

from pathlib import Path

import click

from tfcaps.cli import options


@click.command()
@options.input_file("model")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default="deploy", help="Folder to write; new, or empty."
)
@click.option("--runtime", type=click.Choice(["tflm"]), default="tflm", help="What runs it: TensorFlow Lite Micro.")
@click.option("--name", help="Name of files, namespace and target; that of MODEL if left out.")
@click.option(
    "--image",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Image for the example run (.npy, .png ...); noise if left out.",
)
@click.option("--force", is_flag=True, help="Replace a folder that deploy wrote before, with all that is in it.")
@options.json_option
def deploy(
    model: Path, output: Path, runtime: str, name: str | None, image: Path | None, force: bool, as_json: bool
) -> None:
    """Turn a .tflite into a project for a device.

    Writes MODEL as an array, a resolver with its operators, the arena's size, the sources of the capsule operators, and
    a main that runs one image and compares the output.
    """
    from tfcaps.cli import console
    from tfcaps.converters.deploy.folder import check_folder, write_folder
    from tfcaps.converters.deploy.names import check_name, name_from
    from tfcaps.converters.deploy.tflm import tflm_project

    name = name_from(model.stem) if name is None else name
    check_name(name)
    check_folder(output, force=force)
    with console.naming(model):
        data = model.read_bytes()
        project = tflm_project(data, name=name, image=None if image is None else _pixels(image, data))
    write_folder(output, project.files, force=force)
    facts = {
        "folder": str(output),
        "runtime": runtime,
        "name": name,
        "model_bytes": len(data),
        "arena_bytes": project.arena_bytes,
        "arena_used_bytes": project.arena_used_bytes,
        "operators": list(project.operators),
        "files": len(project.files),
    }
    if as_json:
        console.print_json(facts)
        return
    facts["operators"] = ", ".join(project.operators)
    console.print_pairs(f"{model.name} deployed", [(key.replace("_", " "), value) for key, value in facts.items()])


def _pixels(image: Path, data: bytes):
    """The one image in a file, in the shape that the model takes."""
    from tfcaps.cli import pictures
    from tfcaps.errors import DataError
    from tfcaps.runtime.tflite_file import read_tflite

    infos = read_tflite(data).input_infos
    if len(infos) != 1:
        raise DataError(f"--image: expected a model with one input, this one has {len(infos)}")
    found = pictures.read(image, infos[0].shape[1:])
    if len(found) != 1:
        raise DataError(f"{image}: expected one image, got {len(found)}")
    return found[0].pixels

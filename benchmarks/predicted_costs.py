"""How far the costs that pruning predicts are from those of the program: arena, MAC and instructions on two boards.

Networks of several kinds, whole and cut at random to three widths; nothing is trained, as instructions hardly depend on
weights. Every network becomes an int8 file, then C in the layout that suits the board, which runs in the emulator.
"""

from __future__ import annotations

import argparse
import os

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tempfile
from pathlib import Path

import numpy as np
import report
from pruning import vgg_small

import tfcaps
from tfcaps._keras import keras
from tfcaps.micro import boards
from tfcaps.micro.boards.vectors import host, random_vectors
from tfcaps.pruning import ChannelGraph, CostModel, shrink

TARGETS = ("cortex-m4", "rv32imac")


def mobile(input_shape=(32, 32, 3)):
    """Depthwise separable blocks, one of them with a sum around it."""
    x = keras.Input(input_shape)
    h = keras.layers.Conv2D(16, 3, strides=2, padding="same", activation="relu", name="stem")(x)
    for number, (width, stride) in enumerate(((32, 1), (48, 2), (48, 1))):
        g = keras.layers.DepthwiseConv2D(3, strides=stride, padding="same", activation="relu", name=f"deep{number}")(h)
        g = keras.layers.Conv2D(width, 1, activation="relu", name=f"wide{number}")(g)
        h = keras.layers.Add(name=f"sum{number}")([h, g]) if g.shape[-1] == h.shape[-1] and stride == 1 else g
    h = keras.layers.GlobalAveragePooling2D(name="average")(h)
    return keras.Model(x, keras.layers.Dense(10, activation="softmax", name="classes")(h), name="mobile")


NETWORKS = {
    "micro": lambda: tfcaps.models.build("micro"),
    "q7_cifar10": lambda: tfcaps.models.build("q7_cifar10"),
    "vgg_small": vgg_small,
    "mobile": mobile,
}


def random_cut(graph, part, rng):
    """Every group cut to about the given part of it."""
    keep = {}
    for group in graph.prunable:
        count = max(group.minimum, round(group.size * part * rng.uniform(0.7, 1.3)))
        keep[group.name] = rng.permutation(group.size) < min(count, group.size)
    return keep


def measured(file, target):
    """The C of a file on a board, laid out for it."""
    board = boards.board(target)
    with tempfile.TemporaryDirectory() as name:
        plan = tfcaps.converters.to_c(file, Path(name, "c"), name=boards.MODEL_NAME, processor=board.processor)
        program = plan.program
        ends = ([program.tensors[k] for k in indices] for indices in (program.inputs, program.outputs))
        inputs, expected = random_vectors(host(file), *ends, 1, 0)
        return boards.measure(board, Path(name, "c"), inputs, expected, Path(name, board.name))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", choices=list(NETWORKS), default=list(NETWORKS))
    parser.add_argument("--parts", type=float, nargs="+", default=[1.0, 0.7, 0.5, 0.3])
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    rows, off = [], {target: [] for target in TARGETS}
    same = 0
    for name in options.networks:
        keras.utils.set_random_seed(0)
        model = NETWORKS[name]()
        graph = ChannelGraph(model)
        cost = CostModel(graph)
        images = rng.random((16, *model.input_shape[1:]), np.float32)
        for part in options.parts:
            keep = {} if part == 1.0 else random_cut(graph, part, rng)
            found = cost(keep)
            file = tfcaps.converters.to_tflite(shrink(model, keep, graph), images)
            with tempfile.TemporaryDirectory() as folder:
                plan = tfcaps.converters.to_c(file, folder)
            if found.macs != plan.program.macs:
                raise AssertionError(f"{name}: predicted {found.macs} MAC, the program has {plan.program.macs}")
            same += found.arena_bytes == plan.arena_bytes
            cells = [name, f"{part:.0%}", found.macs, found.arena_bytes, plan.arena_bytes]
            for target in TARGETS:
                predicted, counted = found.instructions(target), measured(file, target).instructions
                off[target].append(predicted / counted - 1)
                cells += [predicted, counted, f"{off[target][-1]:+.1%}"]
            rows.append([f"{cell:,}" if isinstance(cell, int) else cell for cell in cells])
            print(rows[-1], flush=True)
    columns = ["network", "width", "MAC", "arena, predicted", "arena of C"]
    for target in TARGETS:
        columns += [f"{target}, predicted", "counted", "error"]
    errors = "; ".join(
        f"{target}: {np.median(np.abs(values)):.1%} in the median, {np.max(np.abs(values)):.1%} at most"
        for target, values in off.items()
    )
    notes = (
        "Instructions of one image, not cycles. MAC are equal in every row; the arena, of the plain layout, in "
        f"{same} of {len(rows)}. Errors of predicted instructions: {errors}."
    )
    report.write("predicted_costs", "Costs that pruning predicts, against the program", columns, rows, notes)


if __name__ == "__main__":
    main()

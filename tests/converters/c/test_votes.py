"""Scratch memory that layers want: when they get it, what it costs, and that no bit depends on it."""

import dataclasses
import json

import aot_build
import numpy as np
import pytest
from click.testing import CliRunner
from one_op import int8
from tiny_models import TinyModel, dense_params, squash_params

from tfcaps.cli.main import cli
from tfcaps.converters.c import build_program, make_plan
from tfcaps.errors import TfcapsError
from tfcaps.quantization.simulator import Simulator
from tfcaps.runtime.tflite_file import read_tflite

KEPT = 2 * 20 * 3 * 4  # bytes of votes of 20 capsules for 3 of 4 dimensions


def capsules(iterations=3, room=1):
    """Squash and routing; the squash works on `room` times as many capsules as are routed."""
    rng = np.random.default_rng(0)
    tiny = TinyModel()
    u = tiny.squash(tiny.input([1, 20, 4], 0.05, 3), squash_params(0.05, 3))
    if room > 1:
        other = tiny.squash(tiny.input([1, 20 * room, 4], 0.05, 3), squash_params(0.05, 3))
        tiny.output(tiny.squash(other, squash_params(1 / 128, 0)))
    params = dense_params(rng, 12, capsules=3, inputs=20, depth=4, iterations=iterations)
    params = dataclasses.replace(params, vote_shift=0, logit_bits=max(24, params.logit_bits))
    tiny.output(tiny.capsule_dense(u, int8(rng, (20, 12, 4)), params, 3))
    return tiny.to_bytes()


def dense(program):
    return next(layer for layer in program.layers if layer.op == "TfcapsCapsuleDense")


def program(model, **options):
    found = build_program(read_tflite(model), **options)
    make_plan(found)  # which replays the plan
    return found


def test_votes_are_kept_where_the_arena_has_room_anyway():
    tight, roomy = program(capsules()), program(capsules(room=40))
    assert (dense(tight).policy, dense(roomy).policy) == ("votes recomputed", "votes kept")
    assert dense(roomy).emission.scratch == dense(tight).emission.scratch + KEPT
    assert roomy.arena_bytes == program(capsules(room=40), votes="recompute").arena_bytes


@pytest.mark.parametrize(
    ("processor", "auto", "keep"),
    [
        (None, "kept", "kept"),
        ("cortex-m3", "kept", "kept"),
        ("cortex-m55", "recomputed", "kept"),
        ("cortex-m4", "recomputed", "recomputed"),
        ("rv32imac", "kept", "kept"),
    ],
)
def test_votes_are_kept_where_the_processor_is_quicker_with_them(processor, auto, keep):
    model = capsules()
    least = program(model, votes="recompute").arena_bytes
    for votes, policy in (("auto", auto), ("keep", keep), ("recompute", "recomputed")):
        found = program(model, votes=votes, processor=processor, ram=1 << 20)
        assert dense(found).policy == f"votes {policy}"
        assert (found.arena_bytes > least) == (policy == "kept")


def test_a_layout_knows_its_processors():
    assert dense(program(capsules(), layout="paired", ram=1 << 20)).policy == "votes recomputed"
    assert dense(program(capsules(), layout="plain", ram=1 << 20)).policy == "votes kept"
    assert dense(program(capsules(), processor="cortex-m4", layout="plain", ram=1 << 20)).policy == "votes recomputed"


def test_votes_are_kept_from_the_ram_that_this_takes():
    model = capsules()
    kept, least = program(model, votes="keep"), program(model, votes="recompute")
    assert kept.arena_bytes > least.arena_bytes == program(model).arena_bytes
    for ram, policy in ((kept.arena_bytes - 1, "votes recomputed"), (kept.arena_bytes, "votes kept")):
        found = program(model, ram=ram)
        assert dense(found).policy == policy
        assert found.arena_bytes <= max(ram, least.arena_bytes)
    assert dense(program(model, votes="recompute", ram=1 << 20)).policy == "votes recomputed"


def test_one_iteration_has_no_votes_to_keep():
    layers = [dense(program(capsules(1), votes=votes, ram=1 << 20)) for votes in ("auto", "keep", "recompute")]
    assert {(layer.policy, layer.emission.scratch) for layer in layers} == {("", layers[0].emission.scratch)}


@pytest.mark.parametrize("votes", ["keep", "recompute"])
def test_both_policies_give_the_bits_of_the_simulator(votes, tmp_path):
    images = int8(np.random.default_rng(1), (3, 20, 4))
    built = aot_build.build_one(capsules(), tmp_path, votes=votes)
    found = np.concatenate([built.run([image[None]])[0] for image in images])
    np.testing.assert_array_equal(found, Simulator(capsules()).invoke(images))


def test_bad_policies_are_refused():
    for options in ({"votes": "often"}, {"ram": -1}):
        with pytest.raises(TfcapsError, match="expected votes of auto, keep, recompute and ram >= 0"):
            program(capsules(), **options)


def test_the_command_says_what_it_chose(tmp_path):
    path = tmp_path / "net.tflite"
    path.write_bytes(capsules())
    for arguments, policy in (([], "recomputed"), (["--ram", "5000"], "kept"), (["--votes", "keep"], "kept")):
        result = CliRunner().invoke(cli, ["compile", str(path), "-o", str(tmp_path / "out"), *arguments])
        assert result.exit_code == 0, result.stderr
        facts = json.loads((tmp_path / "out" / "net.json").read_text())
        assert facts["layers"][1]["policy"] == f"votes {policy}"
        assert policy in result.stdout
    result = CliRunner().invoke(cli, ["compile", str(path), "-o", str(tmp_path / "out"), "--votes", "often"])
    assert result.exit_code == 2

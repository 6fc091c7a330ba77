"""The committed counts of instructions: measured again, no kernel and no network may have become slower by over 1 %.

A count that has fallen does not fail the test, since the code is then better than the table; the test is reported as
skipped and says how to bring the table up to date.
"""

import importlib
import sys
from pathlib import Path

import pytest
from on_boards import reason_to_skip

from tfcaps.micro.boards import BOARDS

ROOT = Path(__file__).resolve().parents[2]
# One of each kind of processor; benchmarks/instruction_counts.py --check measures all, in all variants.
MAIN = ("cortex-m0", "cortex-m4", "cortex-m55", "rv32imac", "rv32gcv")
PROGRAMS = ("kernels", "q7_mnist", "q7_cifar10", "q7_smallnorb")
REFRESH = "run python benchmarks/instruction_counts.py and commit what it writes, if that is what you want"


@pytest.fixture(scope="module")
def benchmark():
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        yield importlib.import_module("instruction_counts")
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))


@pytest.fixture(scope="module")
def table(benchmark):
    return benchmark.read()


@pytest.fixture(scope="module")
def comparable(benchmark, table):
    """The main boards whose tools are here, with the compiler of the table, or why they are left out."""
    found = {}
    for name in MAIN:
        found[name] = reason_to_skip(BOARDS[name])
        if not found[name]:
            ours, its = benchmark.boards.version(BOARDS[name].toolchain.compiler), table["header"]["compilers"][name]
            if ours != its:
                found[name] = f"counts are of {its!r}, this is {ours!r}"
    return found


@pytest.fixture(scope="module")
def measured(benchmark, comparable):
    jobs = [
        benchmark.Job(program, BOARDS[name], "core")
        for name, reason in comparable.items()
        if not reason
        for program in PROGRAMS
    ]
    return benchmark.table_of(jobs)


@pytest.mark.parametrize("board", MAIN)
def test_no_count_has_grown(board, benchmark, table, comparable, measured):
    if comparable[board]:
        pytest.skip(comparable[board])
    found = benchmark.compare(table["counts"], {board: measured[board]})
    assert not found.missing, f"not in the table: {REFRESH}"
    assert not found.grown, f"more instructions than in the table: {REFRESH}"
    if found.shrunk:
        pytest.skip(
            f"fewer instructions than in the table, {found.shrunk[0]} and {len(found.shrunk) - 1} more: {REFRESH}"
        )


def test_all_boards_cases_and_networks_are_in_the_table(benchmark, table):
    assert benchmark.MAIN == MAIN
    assert set(table["counts"]) == set(BOARDS)
    assert set(table["header"]["compilers"]) == set(BOARDS)
    for name, variants in table["counts"].items():
        assert list(variants) == benchmark.variants(BOARDS[name])
        for variant, measured in variants.items():
            assert list(measured) == benchmark.program_names(variant)
            assert list(measured[benchmark.KERNELS]) == [case.name for case in benchmark.CASES]
    assert list(table["cases"]) == [case.name for case in benchmark.CASES]


def test_a_count_that_grows_falls_or_is_new_is_told(benchmark):
    old = {"m4": {"core": {"kernels": {"a": 1000, "b": 1000, "c": 1000}}}}
    new = {"m4": {"core": {"kernels": {"a": 1010, "b": 1011, "c": 989, "d": 5}}}}
    found = benchmark.compare(old, new)
    assert found.grown == ["m4, core, kernels: b: 1,011, in the table 1,000 (+1.1%)"]
    assert found.shrunk == ["m4, core, kernels: c: 989, in the table 1,000 (-1.1%)"]
    assert found.missing == ["m4, core, kernels: d: 5"]


def test_networks_have_the_layers_and_sizes_of_the_models(benchmark):
    """By the multiply-accumulates that the papers' shapes have."""
    macs = {"q7_mnist": 4_143_680, "q7_cifar10": 12_621_312, "q7_smallnorb": 12_587_136}
    for network in benchmark.NETWORKS:
        *_, squash, _, length = layers = network.layers()
        counted = sum(layer.macs for layer in layers) - squash.macs - length.macs
        assert counted == macs.get(network.name, counted)

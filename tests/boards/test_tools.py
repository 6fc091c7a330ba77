"""Targets that do not exist, tools that are not there, emulators of other versions, the C itself."""

import os
import shutil
import subprocess

import pytest
from on_boards import any_board, every_board, parameter

from tfcaps.errors import RuntimeUnavailableError, TfcapsError
from tfcaps.micro import boards
from tfcaps.micro.boards.build import C
from tfcaps.micro.boards.plugin import api_version, build_plugin
from tfcaps.micro.build import WARNINGS


def test_an_unknown_target_is_refused_with_a_list():
    with pytest.raises(TfcapsError, match=r"unknown target 'z80': expected one of cortex-m0, .*rv32gcv"):
        boards.board("z80")


def test_setup_and_manual_know_every_package_and_board():
    root = C.parents[2]
    packages = {p for b in boards.BOARDS.values() for needed in b.toolchain.packages.values() for p in needed}
    setup, manual = (root / "tools" / "setup.sh").read_text(), (root / "docs" / "boards.md").read_text()
    assert all(package in setup and package in manual for package in packages)
    assert all(f"| `{b.name}` | `{b.machine}` |" in manual for b in boards.BOARDS.values())


def test_every_board_is_called_what_it_is_listed_as():
    assert all(boards.board(name).name == name for name in boards.BOARDS)
    assert len(boards.BOARDS) == 10


@pytest.mark.parametrize("name", ["cortex-m4", "rv32imac", "rv32gcv"])
def test_missing_tools_are_named_with_their_packages(name, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    chain = boards.board(name).toolchain
    with pytest.raises(RuntimeUnavailableError) as caught:
        boards.require([chain])
    said = str(caught.value)
    assert "\n" not in said
    for command, packages in chain.packages.items():
        assert command in said
        assert all(package in said for package in packages)


@any_board
def test_a_compiler_without_its_c_library_is_incomplete(board, monkeypatch, tmp_path):
    for command in board.toolchain.packages:
        stub = tmp_path / command
        stub.write_text("#!/bin/sh\necho picolibc.specs\n")
        stub.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(RuntimeUnavailableError, match="picolibc-"):
        boards.require([board.toolchain])


def test_the_plugin_follows_the_version_of_qemu():
    said = "QEMU emulator version {} (Debian)\nCopyright"
    versions = {"6.0.0": 1, "7.2.19": 1, "8.2.2": 1, "9.0.1": 2, "9.1.0": 3, "10.0.2": 3}
    assert {version: api_version(said.format(version)) for version in versions} == versions
    for text in (said.format("5.2.0"), "command not found"):
        with pytest.raises(RuntimeUnavailableError, match=r"QEMU 6\.0 or newer"):
            api_version(text)


@pytest.mark.parametrize("board", [parameter(boards.BOARDS["cortex-m4"])])
def test_the_plugin_needs_a_compiler(board, monkeypatch, tmp_path):
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(RuntimeUnavailableError, match="'no-such-compiler' was not found"):
        build_plugin(board.toolchain.qemu[0], tmp_path)


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize("compiler", [name for name in ("gcc", "clang-19") if shutil.which(name)])
def test_the_plugin_compiles_without_warnings(version, compiler, tmp_path):
    source = C.parent / "plugin" / "count.c"
    flags = [*WARNINGS, "-Werror", "-O2", "-fPIC", f"-DTFCAPS_QEMU_PLUGIN_API={version}"]
    command = [compiler, *flags, "-c", str(source), "-o", str(tmp_path / "count.o")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.stderr


@every_board
def test_the_c_of_the_boards_compiles_without_warnings(board, tmp_path):
    chain = board.toolchain
    command = [chain.compiler, *chain.flags, *board.flags, *WARNINGS, "-Werror", "-O3"]
    command += ["-include", str(C / "mark.h"), f"-I{C}", "-c"]
    for source in (C / "start.c", C / "semihosting.c", C / chain.entry):
        done = subprocess.run([*command, str(source), "-o", str(tmp_path / "x.o")], capture_output=True, check=False)
        assert not done.stderr

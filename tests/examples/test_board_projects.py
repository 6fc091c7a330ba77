"""The board projects build; the Nucleo's firmware runs on an emulated chip of its family."""

import re
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import tfcaps
from tfcaps._keras import LEGACY, keras
from tfcaps.runtime import Interpreter

BOARDS = Path(__file__).resolve().parents[2] / "examples" / "boards"


def needs(*commands):
    missing = [command for command in commands if shutil.which(command) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not installed, so untested: {', '.join(missing)}")


pytestmark = [needs("make"), pytest.mark.skipif(not LEGACY, reason="once is enough")]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    keras.utils.set_random_seed(0)
    network = tfcaps.models.build("tiny")
    network.set_weights([3 * w for w in network.get_weights()])
    path = tmp_path_factory.mktemp("model") / "tiny.tflite"
    path.write_bytes(tfcaps.converters.to_tflite(network, np.random.default_rng(0).random((8, 28, 28, 1), np.float32)))
    return path


def build(board, model, folder):
    """Build in a copy; the build folder."""
    shutil.copytree(BOARDS, folder, ignore=shutil.ignore_patterns("build"), dirs_exist_ok=True)
    command = ["make", "-C", folder / board, f"MODEL={model}", f"TFCAPS={sys.executable} -m tfcaps.cli",
               f"PYTHON={sys.executable}"]  # fmt: skip
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-1000:] + run.stderr[-2000:]
    assert "warning" not in run.stderr
    return folder / board / "build"


@needs("arm-none-eabi-gcc", "qemu-system-arm")
def test_nucleo_answers_over_its_serial_port(model, tmp_path):
    out = build("nucleo_f446re", model, tmp_path)
    stack, reset = struct.unpack_from("<2I", (out / "firmware.bin").read_bytes())
    assert stack == 0x20020000
    assert 0x08000000 < reset < 0x08080000
    assert reset % 2 == 1  # Thumb

    said = tmp_path / "serial.txt"
    command = ["qemu-system-arm", "-M", "netduinoplus2", "-nographic", "-monitor", "none", "-serial", "none",
               "-serial", f"file:{said}", "-kernel", out / "firmware.elf"]  # fmt: skip
    with subprocess.Popen(command) as emulator:
        deadline = time.monotonic() + 60
        while not (said.exists() and said.read_text().count("\n") >= 2):
            assert emulator.poll() is None
            assert time.monotonic() < deadline, "the firmware says nothing"
            time.sleep(0.1)
        emulator.kill()
    first = said.read_text().splitlines()[0]
    numbers = re.fullmatch(r"self-test passed; output ((?:-?\d+ ?)+)", first.strip())
    ramp = (np.arange(784) % 256 - 128).astype(np.int8).reshape(1, 28, 28, 1)
    expected = Interpreter(model, backend="tflm").invoke(ramp)
    assert numbers, first
    assert [int(n) for n in numbers[1].split()] == expected[0].tolist()


@needs("riscv64-unknown-elf-gcc")
def test_pico_2_builds_what_its_boot_rom_takes(model, tmp_path):
    out = build("pico2_riscv", model, tmp_path)
    image = (out / "firmware.bin").read_bytes()
    assert struct.unpack_from("<5I", image, 4) == (0xFFFFDED3, 0x11010142, 0x000001FF, 0, 0xAB123579)

    blocks = (out / "firmware.uf2").read_bytes()
    assert len(blocks) % 512 == 0
    joined = b""
    for n in range(len(blocks) // 512):
        block = blocks[512 * n : 512 * (n + 1)]
        magic, second, flags, address, size, number, count, family = struct.unpack_from("<8I", block)
        assert (magic, second, flags, family) == (0x0A324655, 0x9E5D5157, 0x2000, 0xE48BFF5A)
        assert struct.unpack_from("<I", block, 508) == (0x0AB16F30,)
        assert (address, size, number, count) == (0x10000000 + 256 * n, 256, n, len(blocks) // 512)
        joined += block[32 : 32 + size]
    assert joined[: len(image)] == image

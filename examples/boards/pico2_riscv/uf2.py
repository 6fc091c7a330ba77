"""Turns a flash image into a .uf2 file, which the RP2350's boot ROM takes from its USB drive.

python uf2.py firmware.bin firmware.uf2
"""

import struct
import sys
from pathlib import Path

FLASH = 0x10000000
FAMILY_RP2350_RISCV = 0xE48BFF5A
PAYLOAD = 256
MAGIC = 0x0A324655, 0x9E5D5157, 0x0AB16F30
FAMILY_PRESENT = 0x2000


def blocks(image):
    """512-byte blocks of 256 bytes of the image each, as the UF2 specification lays them out."""
    count = -(-len(image) // PAYLOAD)
    for n in range(count):
        data = image[n * PAYLOAD : (n + 1) * PAYLOAD].ljust(476, b"\0")
        address = FLASH + n * PAYLOAD
        head = struct.pack("<8I", *MAGIC[:2], FAMILY_PRESENT, address, PAYLOAD, n, count, FAMILY_RP2350_RISCV)
        yield head + data + struct.pack("<I", MAGIC[2])


def main(source, target):
    Path(target).write_bytes(b"".join(blocks(Path(source).read_bytes())))


if __name__ == "__main__":
    main(*sys.argv[1:])

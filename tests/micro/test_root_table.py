"""The table of square roots, and that one Newton step from it finds the floor of every root as the Helium code does."""

import math
import re

import numpy as np

from tfcaps.micro import source_files

FIRST, ENTRIES = 64, 192


def table():
    text = next(path for path in source_files() if path.name == "tfcaps_root_table.c").read_text()
    return np.array([int(word, 16) for word in re.findall(r"0x[0-9a-fA-F]{8}", text)], np.int64)


def roots(numbers):
    """Of numbers from 2^30 to 2^32 - 1."""
    entry = table()[(numbers >> 24) - FIRST]
    near, reciprocal = entry >> 16, entry & 0xFFFF
    root = near + (((numbers - near * near) * reciprocal + 2**31) >> 32)
    return root - (numbers < root * root)


def test_entries():
    expected = [round(2**12 * math.sqrt(i + 64.5)) for i in range(ENTRIES)]
    np.testing.assert_array_equal(table(), [y << 16 | round(2**31 / y) for y in expected])


def test_every_root_is_right():
    k = np.arange(2**15, 2**16, dtype=np.int64)
    np.testing.assert_array_equal(roots(k * k), k)  # it grows with the number, so these are the places to look at
    np.testing.assert_array_equal(roots(k * k + 2 * k), k)
    edges = (np.arange(FIRST + 1, FIRST + ENTRIES, dtype=np.int64)[:, None] << 24) + np.arange(-3, 3)
    np.testing.assert_array_equal(roots(edges.ravel()), [math.isqrt(n) for n in edges.ravel().tolist()])

"""What others' kernels need for the same networks: figures that were published or measured once, each with its source.

All are instructions under QEMU 7.2 of code that GCC 12.2 made with -O3, as ours are, and so compare with our counts.
"""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Figures:
    """One network on one board.

    Attributes:
        instructions: Of one inference.
        ram_bytes: Of arena or buffers.
        code_bytes: Without weights.
    """

    instructions: int
    ram_bytes: int | None = None
    code_bytes: int | None = None


LIBRARY = "the published int8 capsule library"
STOCK = "TFLite Micro"
SOURCES = {
    LIBRARY: "the int8 capsule kernels that were published with these networks, on CMSIS-NN 5.9.0",
    STOCK: "TFLite Micro 90b983c with CMSIS-NN 4ab83cc, the network in plain Keras operators, changed by hand until it "
    "converts and runs",
}
# By source, network and board. RAM is the arena or the buffers; code of the smallest program.
FIGURES: dict[str, dict[str, dict[str, Figures]]] = {
    LIBRARY: {
        "q7_mnist": {"cortex-m4": Figures(17_120_000, 107_648, 5_440)},
        "q7_cifar10": {"cortex-m4": Figures(27_690_000, 90_880)},
        "q7_smallnorb": {"cortex-m4": Figures(33_150_000, 128_896)},
    },
    STOCK: {
        "q7_mnist": {
            "cortex-m4": Figures(27_670_000, 191_892, 88_896),
            "cortex-m55": Figures(18_420_000),
            "rv32imac": Figures(94_990_000),
        },
    },
}
# The published library on Cortex-M4: instructions of each of our layers of q7_mnist, and of the others' class capsules.
# Votes 4.23 M, and in each iteration softmax 0.40 M, weighted sum 0.67 M and, but for the last, agreement 0.67 M.
LAYERS = {
    "q7_mnist": {
        "0 CONV_2D": 1_700_000,
        "1 CONV_2D": 6_520_000,
        "2 TfcapsSquash": 100_000,
        "3 TfcapsCapsuleDense": 8_790_000,
    },
    "q7_cifar10": {"6 TfcapsCapsuleDense": 500_000},
    "q7_smallnorb": {"3 TfcapsCapsuleDense": 6_960_000},
}

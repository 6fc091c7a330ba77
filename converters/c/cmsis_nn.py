"""What a layer needs so that CMSIS-NN can take it: scratch memory, and an output apart from the input.

CMSIS-NN's own size getters give other numbers for every processor, and it is the user's, not ours to call. So this
module knows the largest of them, as arm_convolve_get_buffer_sizes_s8.c and its like give them for Helium. Where a later
version asks for more, the kernels find the scratch memory too small and serve themselves.
"""

from __future__ import annotations

import dataclasses

from tfcaps.converters.c.ops import Emission
from tfcaps.converters.c.ops.base import Struct

OPERATORS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")  # that it can take
_DEPTHWISE_COLUMNS = 4 * 124  # windows that Helium's depthwise kernel copies at a time, by channels of a block
_HELIUM_COLUMNS, _HELIUM_BYTES = 4, 16  # windows that its other kernel copies, each filled up to vectors


def for_cmsis_nn(emission: Emission) -> Emission:
    """The same layer, which wants CMSIS-NN's scratch memory and shares no bytes of its input.

    Layers that CMSIS-NN cannot take are left alone.
    """
    function = emission.call.partition("(")[0]
    structs = {struct.name: struct for struct in emission.structs}
    if function not in _WANTED:
        return emission
    return dataclasses.replace(emission, wanted_scratch=_WANTED[function](structs), overlaps=())


def _convolution(structs: dict[str, Struct]) -> int:
    return _columns_of(structs["kernel_dims"], structs["input_dims"])


def _depthwise_convolution(structs: dict[str, Struct]) -> int:
    _, height, width, channels = structs["kernel_dims"].integers()
    depth = structs["input_dims"].integers()[3]
    wanted = 0
    if depth == channels:
        wanted = max(_DEPTHWISE_COLUMNS, 2 * depth) * height * width
    if depth == 1:  # an ordinary convolution, with the kernel transposed behind its columns
        wanted = max(wanted, _columns_of(structs["kernel_dims"], structs["input_dims"]) + height * width * channels)
    return wanted


def _fully_connected(structs: dict[str, Struct]) -> int:
    return 4 * structs["dims"].integers()[2]  # a sum for each unit


def _columns_of(kernel: Struct, image: Struct) -> int:
    """Windows laid out one behind the other; the halfwords of all other processors take less."""
    _, height, width, _ = kernel.integers()
    taps = height * width * image.integers()[3]
    return _HELIUM_COLUMNS * -(-taps // _HELIUM_BYTES) * _HELIUM_BYTES


_WANTED = {
    "tfcaps_conv_2d_s8": _convolution,
    "tfcaps_depthwise_conv_2d_s8": _depthwise_convolution,
    "tfcaps_fully_connected_s8": _fully_connected,
}

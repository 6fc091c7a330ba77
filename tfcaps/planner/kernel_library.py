"""How much scratch memory a kernel needs: its own size getter, asked in the host's build of the kernels.

The getters of the host answer for every target: they give the most that any variant of the kernel needs.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Sequence

from tfcaps.errors import RuntimeUnavailableError, TfcapsError
from tfcaps.micro import library_path


@functools.cache
def _library() -> ctypes.CDLL:
    return ctypes.CDLL(str(library_path("tfcaps_kernels")))


def scratch_bytes(function: str, *structs: Sequence[int]) -> int:
    """What `function`_get_buffer_size(structs..., &size) says; structs of int32 only.

    Raises:
        TfcapsError: The getter refuses the sizes.
        RuntimeUnavailableError: The library was compiled without it.
    """
    try:
        getter = getattr(_library(), f"{function}_get_buffer_size")
    except AttributeError:
        raise RuntimeUnavailableError(
            f"the compiled kernels are older than their sources ({function}): run `python -m tfcaps.micro.build`"
        ) from None
    given = [(ctypes.c_int32 * len(numbers))(*numbers) for numbers in structs]
    size = ctypes.c_size_t()
    status = getter(*given, ctypes.byref(size))
    if status:
        raise TfcapsError(f"{function} cannot work on these sizes (status {status})")
    return size.value

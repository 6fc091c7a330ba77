"""Plain data out of a pickle without running anything in it.

CIFAR-10 comes as pickles, and a pickle is a program. This reader knows the opcodes that plain data needs and nothing
else; the few functions NumPy's arrays and Python 2's bytes refer to are recognised by name and never called.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tfcaps.errors import DataError

MAX_PICKLE_BYTES = 1 << 29

_FUNCTIONS = {
    ("_codecs", "encode"): "encode",
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): "dtype",
    **{(f"{core}.multiarray", "_reconstruct"): "reconstruct" for core in ("numpy.core", "numpy._core")},
    **{(f"{core}.numeric", "_frombuffer"): "frombuffer" for core in ("numpy.core", "numpy._core")},
}
_DTYPES = {"u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8", "b1"}
_CONTROL = ("PROTO", "STOP", "FRAME", "MARK", "POP", "POP_MARK", "GLOBAL", "STACK_GLOBAL")
_MEMO = ("MEMOIZE", "GET", "BINGET", "LONG_BINGET", "PUT", "BINPUT", "LONG_BINPUT")
_NUMBERS = ("NONE", "NEWTRUE", "NEWFALSE", "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "FLOAT", "BINFLOAT")
_STRINGS = ("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8")
_BYTES = ("BINBYTES", "SHORT_BINBYTES", "BINBYTES8")
_CONTAINERS = ("EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_LIST", "APPEND", "APPENDS", "EMPTY_DICT")
_OPCODES = (*_CONTROL, *_MEMO, *_NUMBERS, *_STRINGS, *_BYTES, *_CONTAINERS)


class _RefusedError(Exception):
    """The pickle holds something that is not plain data; the message says what."""


class _Function(str):
    """Stands for a function that the pickle refers to."""

    __slots__ = ()


class _Dtype:
    def __init__(self, code: object) -> None:
        self.code = code.decode("ascii") if isinstance(code, bytes) else code
        self.order: object = "<"


class _Array:
    """Stands for an array: what is needed to make it once the pickle is read."""

    def __init__(self) -> None:
        self.shape: Any = None
        self.dtype: Any = None
        self.fortran: Any = False
        self.data: Any = None

    def make(self) -> np.ndarray:
        dtype = self.dtype
        order = dtype.order.decode("ascii") if isinstance(dtype.order, bytes) else dtype.order
        code = dtype.code.lstrip("<>|=")
        if code not in _DTYPES or order not in ("<", ">", "|", "="):
            raise _RefusedError(f"an array of type {dtype.code!r}")
        data = self.data.encode("latin-1") if isinstance(self.data, str) else self.data
        shape = tuple(int(n) for n in self.shape)
        if min(shape, default=0) < 0:
            raise _RefusedError(f"an array of shape {shape}")
        array = np.frombuffer(data, np.dtype(code).newbyteorder("=" if order == "|" else order))
        return array.reshape(shape, order="F" if self.fortran else "C")


class _Unpickler(pickle._Unpickler):  # type: ignore[name-defined]  # the C one can be made to fill the memory
    """Builds dicts, lists, tuples, strings, bytes, numbers, and `_Array` for arrays."""

    stack: list[Any]
    append: Callable[[Any], None]
    pop_mark: Callable[[], list[Any]]
    read: Callable[[int], bytes]
    dispatch: ClassVar[dict[int, Callable[..., None]]] = {
        getattr(pickle, name)[0]: pickle._Unpickler.dispatch[getattr(pickle, name)[0]] for name in _OPCODES
    }

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _Function(_FUNCTIONS[module, name])
        except KeyError:
            raise _RefusedError(f"a reference to {module}.{name}") from None

    def load_reduce(self) -> None:
        arguments = self.stack.pop()
        function = self.stack.pop()
        if not isinstance(function, _Function) or not isinstance(arguments, tuple):
            raise _RefusedError("a call")
        self.append(self._reduce(str(function), arguments))

    def _reduce(self, function: str, arguments: tuple[Any, ...]) -> Any:
        if function == "encode":
            text, coding = arguments
            if coding not in ("latin1", "latin-1"):
                raise _RefusedError(f"bytes in {coding!r}")
            return text.encode("latin-1")
        if function == "dtype":
            return _Dtype(arguments[0])
        array = _Array()
        if function == "reconstruct":
            return array
        if function == "frombuffer":
            array.data, array.dtype, array.shape, order = arguments
            array.fortran = order in ("F", b"F")
            return array
        raise _RefusedError(f"a call of {function}")

    def load_build(self) -> None:
        state = self.stack.pop()
        target = self.stack[-1]
        if isinstance(target, _Dtype):
            target.order = state[1]
        elif isinstance(target, _Array):
            _, target.shape, target.dtype, target.fortran, target.data = state
        else:
            raise _RefusedError("the state of an object")

    def load_setitem(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._set(self.stack[-1], [key, value])

    def load_setitems(self) -> None:
        items = self.pop_mark()
        self._set(self.stack[-1], items)

    @staticmethod
    def _set(target: Any, items: list[Any]) -> None:
        for key, value in zip(items[::2], items[1::2], strict=True):
            # Hashing a deeply nested tuple would overflow the C stack.
            if not isinstance(target, dict) or not isinstance(key, (str, bytes)):
                raise _RefusedError(f"a key of type {type(key).__name__}")
            target[key] = value

    def load_bytearray(self) -> None:
        size = int.from_bytes(self.read(8), "little")
        if size > MAX_PICKLE_BYTES:
            raise _RefusedError(f"{size} bytes in one piece")
        self.append(self.read(size))

    dispatch[pickle.REDUCE[0]] = load_reduce
    dispatch[pickle.BUILD[0]] = load_build
    dispatch[pickle.SETITEM[0]] = load_setitem
    dispatch[pickle.SETITEMS[0]] = load_setitems
    dispatch[pickle.BYTEARRAY8[0]] = load_bytearray


def load_plain(path: Path) -> dict[str, Any]:
    """The dict in a pickle file, its keys as str, arrays as NumPy arrays.

    Raises:
        DataError: If the file is damaged, too large, or holds anything but a dict of plain data.
    """
    if path.stat().st_size > MAX_PICKLE_BYTES:
        raise DataError(f"{path}: larger than {MAX_PICKLE_BYTES} bytes: not a batch of images")
    try:
        content = _Unpickler(io.BytesIO(path.read_bytes()), encoding="bytes").load()
        if not isinstance(content, dict):
            raise _RefusedError(f"a {type(content).__name__} instead of a dict")
        return {
            key.decode("ascii") if isinstance(key, bytes) else str(key): v.make() if isinstance(v, _Array) else v
            for key, v in content.items()
        }
    except OSError:
        raise
    except KeyError as error:
        raise DataError(f"{path}: refused, the pickle does more than hold data (opcode {error})") from None
    except _RefusedError as error:
        raise DataError(
            f"{path}: refused, the pickle holds {error}: only plain arrays, lists and strings are read"
        ) from None
    except Exception as error:  # whatever the pickle module trips over in a damaged file
        raise DataError(f"{path}: damaged pickle ({type(error).__name__}): fetch it again") from None

"""Silence from libraries, so that standard error holds what tfcaps says and nothing else.

TensorFlow, its C++ code, XNNPACK and absl write to file descriptor 2 as they like. The command therefore keeps the real
standard error for itself and gives the libraries /dev/null. TFCAPS_DEBUG=1 in the environment changes nothing of this
kind.
"""

from __future__ import annotations

import io
import os
import sys
import warnings

_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "GLOG_minloglevel": "3", "MPLBACKEND": "agg"}


def debugging() -> bool:
    """Whether the user wants to see everything, tracebacks included."""
    return os.environ.get("TFCAPS_DEBUG", "") not in ("", "0")


def prepare_environment() -> None:
    """What TensorFlow reads when it is imported: tf_keras, as pruning and quantisation need it, and few words."""
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    if not debugging():
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)


def keep_stderr_to_ourselves() -> None:
    """Python's sys.stderr goes on to the terminal or file it went to; descriptor 2 goes nowhere from now on."""
    if debugging():
        return
    warnings.simplefilter("ignore")
    try:
        own = os.dup(2)
    except OSError:  # closed by the caller, who wants nothing to be said
        return
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    raw = io.FileIO(own, "w")
    sys.stderr = io.TextIOWrapper(raw, encoding="utf-8", errors="replace", write_through=True)


def silence_tensorflow() -> None:
    """The Python side of TensorFlow and absl, after their import."""
    if debugging():
        return
    import logging

    for name in ("tensorflow", "absl"):
        logging.getLogger(name).setLevel(logging.CRITICAL)

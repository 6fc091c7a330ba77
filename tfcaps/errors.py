"""The one family of exceptions a user of tfcaps meets.

Every message says what is wrong, where, and what to do about it, in one line: the command line prints it as it is and
exits with code 2. Anything else that escapes is a defect of tfcaps.
"""

from __future__ import annotations


class TfcapsError(ValueError):
    """Bad input: a file, an option, a model or data that tfcaps cannot use as given."""


class ModelError(TfcapsError):
    """A Keras model that cannot be built, pruned, quantised or converted as asked."""


class ConversionError(TfcapsError):
    """A model that cannot become an int8 .tflite; names the layer or operator."""


class DataError(TfcapsError):
    """A data set that is missing, truncated or of another format than expected."""


class FileFormatError(TfcapsError):
    """A .tflite (or its custom options) that is truncated, inconsistent or of an unknown version."""


class RuntimeUnavailableError(TfcapsError):
    """A host runtime that is not installed, or of a version whose interface tfcaps does not know."""

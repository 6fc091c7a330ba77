"""Int8 models on the host: LiteRT and TFLite Micro, with the very kernels a device runs.

    from tfcaps.runtime import Interpreter

    Interpreter("model.tflite", backend="tflm")(images)
"""

from tfcaps.runtime.interpreter import Interpreter
from tfcaps.runtime.tflite_file import TensorInfo

__all__ = ["Interpreter", "TensorInfo"]

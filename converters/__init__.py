"""Converters: a Keras model to an int8 .tflite with capsule operators.

    data = tfcaps.converters.to_tflite(model, representative_data=x_train[:200])
    open("model.tflite", "wb").write(data)
"""

from tfcaps.converters.keras_to_tflite import to_tflite

__all__ = ["to_tflite"]

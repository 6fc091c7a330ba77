"""Which Keras: TensorFlow's own switch, resolved once.

``TF_USE_LEGACY_KERAS=1`` means tf_keras (Keras 2), which tfmot's pruning and quantisation-aware training need;
anything else means Keras 3 with the TensorFlow backend. Every other module takes ``keras`` from here, and nothing
writes ``tf.keras``.
"""

from __future__ import annotations

import os

LEGACY = os.environ.get("TF_USE_LEGACY_KERAS", "0").lower() in ("1", "true")
FLAVOUR = "tf_keras" if LEGACY else "keras"

if LEGACY:
    import tf_keras as keras
else:
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import keras

    if keras.backend.backend() != "tensorflow":
        raise ImportError(
            f"tfcaps runs on Keras' TensorFlow backend, but the backend is {keras.backend.backend()!r}: "
            "set KERAS_BACKEND=tensorflow"
        )

__all__ = ["FLAVOUR", "LEGACY", "keras"]

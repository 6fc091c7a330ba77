"""Settings for the whole suite: which Keras flavour, and quiet libraries.

The flavour is TensorFlow's own switch; tf_keras unless the environment says otherwise, as on the command line.
"""

import os

os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("MPLBACKEND", "agg")

# Warnings of other people's code that say nothing about ours; every other warning is an error (pyproject.toml).
THIRD_PARTY_WARNINGS = [
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning",  # TensorFlow under NumPy 2
    "ignore:You are saving your model as an HDF5 file:UserWarning",  # tf_keras, about a format we test on purpose
    "ignore:distutils Version classes are deprecated:DeprecationWarning",  # tensorflow_model_optimization
]


def pytest_configure(config):
    for line in THIRD_PARTY_WARNINGS:
        config.addinivalue_line("filterwarnings", line)

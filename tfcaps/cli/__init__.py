"""The `tfcaps` command: one file a sub-command, each usable on the files of the step before.

    tfcaps train --model micro -o model.keras
    tfcaps prune model.keras -o pruned.keras
    tfcaps quantize pruned.keras -o model.qat
    tfcaps convert model.qat -o model.tflite
    tfcaps inspect model.tflite

The sub-command's module only reads its options; what needs TensorFlow is imported inside the function that runs, so
that `--help` and `inspect` are quick. Computing is done elsewhere in tfcaps; here things are read, called and printed.
"""

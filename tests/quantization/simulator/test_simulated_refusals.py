"""Operators that the simulator knows, in forms that it does not: one line that says why."""

import numpy as np
import pytest
from tiny_models import TinyModel, schema

from tfcaps.errors import FileFormatError
from tfcaps.quantization.simulator import Simulator

SHARED = (0.1, 3)


def one(name, shape, output, options=None, constants=(), source=SHARED, target=SHARED, outputs=1):
    tiny = TinyModel()
    inputs = [tiny.input(shape, *source), *(tiny.constant(np.array(values, np.int32)) for values in constants)]
    made = [tiny.tensor(output, *target) for _ in range(outputs)]
    tiny.op(name, inputs[::-1] if name == "SPLIT" else inputs, made, options)
    for index in made:
        tiny.output(index)
    return tiny


def joined(axis=2, activation=0, scale=0.1, shape=(1, 2, 3), output=(1, 2, 6)):
    tiny = TinyModel()
    parts = [tiny.input(list(shape), 0.1, 3, name="a"), tiny.input([1, 2, 3], scale, 3, name="b")]
    options = schema.ConcatenationOptionsT(axis=axis, fusedActivationFunction=activation)
    tiny.output(tiny.op("CONCATENATION", parts, [tiny.tensor(list(output), 0.1, 3)], options))
    return tiny


def sliced(begin=(0, 0), end=(1, 3), stride=(1, 1), output=(1, 3), **masks):
    options = schema.StridedSliceOptionsT(**masks)
    return one("STRIDED_SLICE", [1, 4], list(output), options, [begin, end, stride])


def softmax(target=(1 / 256, -128), beta=1.0, depth=4):
    return one("SOFTMAX", [1, depth], [1, depth], schema.SoftmaxOptionsT(beta=beta), target=target)


def gathered(indices=(0, 2), axis=1, output=(1, 2), dtype=np.int32, **options):
    tiny = TinyModel()
    inputs = [tiny.input([1, 4], *SHARED), tiny.constant(np.array(indices, dtype))]
    options = schema.GatherOptionsT(axis=axis, **options)
    tiny.output(tiny.op("GATHER", inputs, [tiny.tensor(list(output), *SHARED)], options))
    return tiny


LEAKY = schema.LeakyReluOptionsT(alpha=-0.1)
KEEP = schema.ReducerOptionsT(keepDims=True)
SPLIT = schema.SplitOptionsT(numSplits=2)
CASES = {
    "logistic scale": (one("LOGISTIC", [1, 4], [1, 4]), "output scale 1/256, zero point -128, got 0.1, 3"),
    "tanh scale": (one("TANH", [1, 4], [1, 4]), "output scale 1/128, zero point 0, got 0.1, 3"),
    "relu6 scale": (one("RELU6", [1, 4], [1, 4], target=(0.2, 3)), "one scale and zero point"),
    "slope": (one("LEAKY_RELU", [1, 4], [1, 4], LEAKY), "an alpha that is not negative"),
    "swish": (one("HARD_SWISH", [1, 4], [1, 4], target=(0.0001, 0)), "less than 128 times the output scale"),
    "softmax scale": (softmax(target=SHARED), "of scale 1/256 and zero point -128"),
    "softmax beta": (softmax(beta=0.0), "expected a positive beta"),
    "softmax depth": (softmax(depth=4096), "rows of at most 4095 values, got 4096"),
    "mean axis": (one("MEAN", [1, 4], [1, 1], KEEP, [[2]]), "axes within 2 dimensions"),
    "mean shape": (one("MEAN", [1, 4], [1, 4], KEEP, [[1]]), r"expected output \[1, 1\], got \[1, 4\]"),
    "pad rank": (one("PAD", [1, 4], [1, 6], schema.PadOptionsT(), [[[1, 1]]]), "expected paddings"),
    "pad scale": (
        one("PAD", [1, 4], [1, 6], schema.PadOptionsT(), [[[0, 0], [1, 1]]], target=(0.2, 3)),
        "one type, scale and zero point",
    ),
    "permutation": (one("TRANSPOSE", [1, 4], [1, 4], None, [[1, 1]]), "expected a permutation of 2 dimensions"),
    "batch moved": (one("TRANSPOSE", [1, 4], [4, 1], None, [[1, 0]]), "expected the batch of one in front"),
    "join the batch": (joined(axis=0, output=(2, 2, 3)), "an axis behind the batch"),
    "join fused": (joined(activation=1), "no fused activation"),
    "join scales": (joined(scale=0.2), "one type, scale and zero point"),
    "join shapes": (joined(shape=(1, 3, 3)), "expected inputs that join to"),
    "split the batch": (one("SPLIT", [1, 4], [1, 2], SPLIT, [[0]], outputs=2), "an axis behind the batch, got 0"),
    "split shapes": (one("SPLIT", [1, 4], [1, 3], SPLIT, [[1]], outputs=2), "expected outputs that make up"),
    "ellipsis": (sliced(ellipsisMask=1), "an ellipsis, a new axis or an offset is not supported"),
    "stride 0": (sliced(stride=(1, 0)), "expected strides that are not 0"),
    "nothing": (sliced(begin=(0, 3)), "at least one value of dimension 1"),
    "gather the batch": (gathered([0], 0, (1, 4)), "an axis behind the batch and no batch_dims, got axis 0"),
    "ranks": (sliced(begin=(0,)), "begin, end and stride for every dimension"),
}


@pytest.mark.parametrize("name", CASES)
def test_it_says_why(name):
    tiny, message = CASES[name]
    simulator = Simulator(tiny.to_bytes())
    inputs = {info.name: np.zeros(info.shape, np.int8) for info in simulator.inputs}
    given = inputs if len(inputs) > 1 else next(iter(inputs.values()))
    with pytest.raises(FileFormatError, match=message) as caught:
        simulator.invoke(given)
    assert "\n" not in str(caught.value)
    assert "(tensor '" in str(caught.value)

"""One model with every operator in it, side by side, each with inputs and outputs of its own."""

import numpy as np
from one_op import MAKERS
from tiny_models import TinyModel


def merge(parts):
    """The graphs of several models as one."""
    whole = TinyModel()
    model, graph = whole.model, whole.graph
    for number, part in enumerate(parts):
        tensors, buffers, codes = len(graph.tensors), len(model.buffers) - 1, len(model.operatorCodes)
        for tensor in part.graph.tensors:
            tensor.name = f"{number}_{tensor.name}"
            tensor.buffer += buffers if tensor.buffer else 0
        for op in part.graph.operators:
            op.opcodeIndex += codes
            op.inputs = np.array([i if i < 0 else i + tensors for i in op.inputs], np.int32)
            op.outputs = op.outputs + np.int32(tensors)
        graph.tensors += part.graph.tensors
        graph.operators += part.graph.operators
        graph.inputs += [i + tensors for i in part.graph.inputs]
        graph.outputs += [i + tensors for i in part.graph.outputs]
        model.buffers += part.model.buffers[1:]
        model.operatorCodes += part.model.operatorCodes
    return whole


def every_op(seed):
    """A model of all operators that C can be made of, with random shapes and scales."""
    return merge(make(np.random.default_rng(seed)) for make in MAKERS.values()).to_bytes()

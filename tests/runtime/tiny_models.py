"""Small .tflite files made by hand, one tensor and one operator at a time.

tiny = TinyModel()
x = tiny.input([1, 4, 3], scale=0.1)
tiny.output(tiny.squash(x, params))
tiny.to_bytes()
"""

import dataclasses

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tfcaps.quantization.simulator import CapsuleDenseParams, LengthParams, SquashParams

TYPES = {np.dtype(np.int8): 9, np.dtype(np.int32): 2, np.dtype(np.float32): 0, np.dtype(np.int64): 4}
UNIT = 1 / 128


class TinyModel:
    def __init__(self):
        self.model = schema.ModelT(version=3, description="tiny")
        self.graph = schema.SubGraphT(tensors=[], inputs=[], outputs=[], operators=[], name="main")
        self.model.subgraphs = [self.graph]
        self.model.buffers = [schema.BufferT()]
        self.model.operatorCodes = []

    def tensor(self, shape, scale=1.0, zero_point=0, *, dtype=np.int8, data=None, name=None, axis=0):
        quantization = schema.QuantizationParametersT(quantizedDimension=axis)
        quantization.scale, quantization.zeroPoint = (
            np.atleast_1d(np.float32(scale)),
            np.atleast_1d(np.int64(zero_point)),
        )
        if quantization.scale.size > 1:
            quantization.zeroPoint = np.zeros(quantization.scale.size, np.int64)
        number = 0
        if data is not None:
            dtype = data.dtype
            self.model.buffers.append(schema.BufferT(data=np.frombuffer(data.tobytes(), np.uint8)))
            number = len(self.model.buffers) - 1
        self.graph.tensors.append(
            schema.TensorT(
                shape=np.array(shape, np.int32),
                type=TYPES[np.dtype(dtype)],
                buffer=number,
                name=name or f"t{len(self.graph.tensors)}",
                quantization=quantization,
            )
        )
        return len(self.graph.tensors) - 1

    def input(self, shape, scale=1.0, zero_point=0, **kwargs):
        index = self.tensor(shape, scale, zero_point, **kwargs)
        self.graph.inputs.append(index)
        return index

    def output(self, index):
        self.graph.outputs.append(index)

    def constant(self, data, scale=1.0, zero_point=0, axis=0):
        return self.tensor(data.shape, scale, zero_point, data=data, axis=axis)

    def op(self, name, inputs, outputs, options=None, custom=None):
        """`name` is a builtin's name, or a custom code when `custom` holds its options."""
        code = schema.OperatorCodeT(version=1)
        if custom is None:
            code.builtinCode = getattr(schema.BuiltinOperator, name)
            code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        else:
            code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
            code.customCode = name
        self.model.operatorCodes.append(code)
        op = schema.OperatorT(opcodeIndex=len(self.model.operatorCodes) - 1)
        op.inputs, op.outputs = np.array(inputs, np.int32), np.array(outputs, np.int32)
        if custom is not None:
            op.customOptions = np.frombuffer(custom, np.uint8)
        if options is not None:
            op.builtinOptions = options
            op.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__[:-1])
        self.graph.operators.append(op)
        return outputs[0]

    def shape(self, index):
        return list(self.graph.tensors[index].shape)

    def squash(self, x, params, *, scale=UNIT, shape=None):
        y = self.tensor(shape or self.shape(x), scale)
        return self.op("TfcapsSquash", [x], [y], custom=params.to_options())

    def length(self, x, params, *, scale=UNIT, shape=None):
        y = self.tensor(shape or self.shape(x)[:-1], scale, params.output_zero_point)
        return self.op("TfcapsLength", [x], [y], custom=params.to_options())

    def capsule_dense(self, x, kernel, params, capsules, *, bias=None, scale=UNIT, custom=None):
        inputs = [x, self.constant(kernel, np.full(kernel.shape[1], 0.01), axis=1)]
        if bias is not None:
            inputs.append(self.constant(bias, 1 / 4096))
        y = self.tensor([self.shape(x)[0], capsules, kernel.shape[1] // capsules], scale)
        return self.op("TfcapsCapsuleDense", inputs, [y], custom=custom or params.to_options())

    def sign(self, inputs, outputs):
        """Adds a signature; both arguments map names to tensors."""
        maps = [[schema.TensorMapT(name=n, tensorIndex=i) for n, i in part.items()] for part in (inputs, outputs)]
        signature = schema.SignatureDefT(inputs=maps[0], outputs=maps[1], signatureKey="serving_default")
        self.model.signatureDefs = [signature]

    def to_bytes(self):
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def squash_params(scale=0.1, zero_point=0):
    return SquashParams(zero_point, round(16 / scale**2))


def length_params(dimension, scale=UNIT, scale_out=UNIT, zero_point=0, zero_point_out=0):
    f = 12 if dimension <= 16 else 10 if dimension <= 64 else 8
    mantissa, exponent = np.frexp(scale / scale_out / 2 ** (f / 2))
    return LengthParams(zero_point, round(mantissa * 2**30), 30 - int(exponent), zero_point_out)


def dense_params(rng, outputs, *, iterations=3, zero_point=0, leaky=0, inputs=1, depth=4, capsules=1):
    """Options of a layer whose s are near 1 and whose routing is alive, for random int8 tensors."""
    shift = max(0, int(np.ceil(np.log2(depth * 64))) - 6)
    vote = 74.0**2 * np.sqrt(depth) / 2**shift  # the size of a vote
    unit = rng.uniform(1, 2, outputs) * 1.2 * capsules / (vote * np.sqrt(inputs))  # of a vote, for |s| near 1
    scale = 2.0 ** np.ceil(np.log2(unit.max()))
    multiplier = np.minimum(np.round(unit / scale * 2**31), 2**31 - 1).astype(np.int64)
    e = 31 - int(np.log2(scale))  # unit = multiplier / 2^e
    logit_bits = 16
    sum_shift, logit_shift = (max(1, min(62, e + bits)) for bits in (-12, 15 - logit_bits))
    return CapsuleDenseParams(zero_point, iterations, leaky, shift, multiplier, sum_shift, logit_shift, logit_bits)


def replace(params, **changes):
    return dataclasses.replace(params, **changes)

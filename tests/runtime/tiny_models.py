"""Small .tflite files made by hand, one tensor and one operator at a time.

tiny = TinyModel()
x = tiny.input([1, 4, 3], scale=0.1)
tiny.output(tiny.squash(x, params))
tiny.to_bytes()
"""

from dataclasses import replace  # noqa: F401  (for the tests)

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
                quantization=quantization if dtype != np.float32 else None,
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


def params_of_units(unit, *, largest_vote, iterations=3, dimension=1, zero_point=0, leaky=0, vote_shift=0):
    """Options from the real value [J * D] of one step of a vote."""
    e = 31 - int(np.frexp(unit.max())[1])
    multiplier = np.minimum(np.round(unit * 2.0**e), 2**31 - 1).astype(np.int64)
    scaled = unit.max() * max(1, iterations - 1) * 1.4427  # the largest scaled state, without fraction bits
    bits = min(np.log2(32767 / scaled), np.log2(2**31 / (largest_vote * scaled * np.sqrt(dimension))))
    logit_bits = int(np.clip(np.floor(bits), 8, 30))
    shifts = np.clip([e - 12, e + 15 - logit_bits], 1, 62)
    return CapsuleDenseParams(zero_point, iterations, leaky, vote_shift, multiplier, *map(int, shifts), logit_bits)


def dense_params(rng, outputs, *, capsules, inputs, depth, iterations=3, zero_point=0, leaky=0):
    """Options of a layer on random int8 tensors whose |s| is near 1, and whose couplings therefore vary."""
    shift = max(0, int(np.ceil(np.log2(depth * 128 * (128 + abs(zero_point)) / 32767))))
    vote = 74.0**2 * np.sqrt(depth) / 2**shift  # a vote's usual size
    unit = rng.uniform(0.5, 2, outputs) * capsules / (vote * np.sqrt(inputs * outputs / capsules))
    return params_of_units(
        unit,
        largest_vote=4 * vote,
        iterations=iterations,
        dimension=outputs // capsules,
        zero_point=zero_point,
        leaky=leaky,
        vote_shift=shift,
    )


def planted_routing(iterations):
    """(u, kernel, params) of a layer whose longest capsule is 0 after one iteration, and 1 when routing works.

    All votes agree weakly on capsule 0: their mean has length 1. On capsule 1, 14 of 20 agree strongly and 6 object
    more strongly still: the mean is 0.5, but routing takes the objectors' weight away.
    """
    weak, strong, against = 0.1, 2.0, -4.5
    scales = np.array([weak / 127, weak / 127, 4.5 / 127, 4.5 / 127])
    kernel = np.zeros((20, 4, 1), np.int8)
    kernel[:, 0, 0] = 127
    kernel[:14, 2, 0] = round(strong / scales[2])
    kernel[14:, 2, 0] = round(against / scales[2])
    params = params_of_units(scales / 127, largest_vote=127 * 127, iterations=iterations)
    return np.full((1, 20, 1), 127, np.int8), kernel, params

"""Which methods of TFLite Micro's MicroMutableOpResolver add the operators of a model."""

from __future__ import annotations

from tfcaps.errors import ConversionError
from tfcaps.runtime.tflite_file import TfliteFile

# Builtin operators with a method of their own name: LEAKY_RELU is AddLeakyRelu.
_REGULAR_NAMES = """
    ABS ADD ADD_N ARG_MAX ARG_MIN BATCH_TO_SPACE_ND BROADCAST_ARGS BROADCAST_TO CAST CEIL CONCATENATION COS
    DEPTH_TO_SPACE DEQUANTIZE DIV DYNAMIC_UPDATE_SLICE ELU EMBEDDING_LOOKUP EQUAL EXP EXPAND_DIMS FILL FLOOR FLOOR_DIV
    FLOOR_MOD FULLY_CONNECTED GATHER GATHER_ND GREATER GREATER_EQUAL HARD_SWISH L2_NORMALIZATION LEAKY_RELU LESS
    LESS_EQUAL LOG LOGICAL_AND LOGICAL_NOT LOGICAL_OR LOGISTIC LOG_SOFTMAX MAXIMUM MEAN MINIMUM MIRROR_PAD MUL NEG
    NOT_EQUAL PACK PAD PRELU QUANTIZE REDUCE_ALL REDUCE_MAX REDUCE_MIN RELU RELU6 RESHAPE RESIZE_BILINEAR
    RESIZE_NEAREST_NEIGHBOR REVERSE_V2 ROUND RSQRT SELECT_V2 SHAPE SIN SLICE SOFTMAX SPACE_TO_BATCH_ND SPACE_TO_DEPTH
    SPLIT SPLIT_V SQRT SQUARE SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUB SUM SVDF TANH TRANSPOSE TRANSPOSE_CONV UNPACK
    ZEROS_LIKE
"""
_REGULAR = frozenset(_REGULAR_NAMES.split())
_IRREGULAR = {
    "AVERAGE_POOL_2D": "AddAveragePool2D",
    "BATCH_MATMUL": "AddBatchMatMul",
    "CONV_2D": "AddConv2D",
    "CUMSUM": "AddCumSum",
    "DEPTHWISE_CONV_2D": "AddDepthwiseConv2D",
    "L2_POOL_2D": "AddL2Pool2D",
    "MAX_POOL_2D": "AddMaxPool2D",
    "PADV2": "AddPadV2",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "AddUnidirectionalSequenceLSTM",
}
_CUSTOM = {
    "TfcapsSquash": "tfcaps::AddSquash",
    "TfcapsLength": "tfcaps::AddLength",
    "TfcapsCapsuleDense": "tfcaps::AddCapsuleDense",
}


def resolver_calls(model: TfliteFile) -> list[str]:
    """The calls that add a model's operators to `resolver`, each once, in the order of the model.

    Raises:
        ConversionError: There is no known method for an operator.
    """
    calls: dict[str, None] = {}
    for number, op in enumerate(model.operators):
        call = _call(op.name, op.is_custom)
        if call is None:
            tensor = model.tensors[op.outputs[0]].name
            raise ConversionError(
                f"operator {number}, {op.name} (tensor {tensor!r}): no method of TFLite Micro's resolver adds it"
            )
        calls[call] = None
    return list(calls)


def _call(name: str, is_custom: bool) -> str | None:
    if is_custom:
        return f"{_CUSTOM[name]}(resolver)" if name in _CUSTOM else None
    if name in _IRREGULAR:
        return f"resolver.{_IRREGULAR[name]}()"
    if name in _REGULAR:
        return f"resolver.Add{''.join(part.capitalize() for part in name.split('_'))}()"
    return None

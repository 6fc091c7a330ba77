// Tensors and options in, kernels out: checks in Prepare, no arithmetic anywhere.
#include "tfcaps_tflm.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "tensorflow/lite/micro/kernels/kernel_util.h"
#include "tensorflow/lite/micro/micro_context.h"
#include "tensorflow/lite/micro/micro_log.h"
#include "tfcaps/kernels.h"
#include "tfcaps/options.h"

namespace tfcaps {
namespace tflm {
namespace {

constexpr Status kOk = Status::kTfLiteOk;
constexpr Status kError = Status::kTfLiteError;
constexpr float kUnitScale = 1.0f / 128.0f; // of the outputs of Squash and CapsuleDense

enum Kind {
    kKindSquash,
    kKindLength,
    kKindCapsuleDense
};
const char *const kNames[] = {kSquash, kLength, kCapsuleDense};

struct Options {
    const uint8_t *bytes; // in the model, which outlives the interpreter
    size_t size;
};

struct Squash {
    tfcaps_squash_params params;
    tfcaps_capsules_dims dims;
};

struct Length {
    tfcaps_length_params params;
    tfcaps_capsules_dims dims;
};

struct CapsuleDense {
    tfcaps_capsule_dense_params params;
    tfcaps_capsule_dense_dims dims;
    size_t scratch_size;
    int scratch; // the handle
};

// What an operator keeps in the arena.
struct Op {
    Kind kind;
    union {
        Options options; // until Prepare reads them into one of the others
        Squash squash;
        Length length;
        CapsuleDense dense;
    };
};

// Scale and zero point of one of a node's tensors, which only Prepare can see.
struct Quantization {
    float scale;
    int32_t zero_point;
};

template <typename Tensor> bool Take(MicroContext *micro, Tensor *tensor, Quantization *quantization) {
    if (tensor == nullptr) {
        MicroPrintf("tfcaps: the arena is too small for a temporary tensor");
        return false;
    }
    *quantization = {tensor->params.scale, tensor->params.zero_point};
    micro->DeallocateTempTfLiteTensor(tensor);
    return true;
}

// Whether the options say the zero point that the tensor has, and the scale is one.
bool CheckQuantization(const Op &op, const char *role, const Quantization &found, int32_t zero_point) {
    if (!(found.scale > 0.0f)) {
        MicroPrintf("%s: expected a positive scale of the %s", kNames[op.kind], role);
        return false;
    }
    if (found.zero_point != zero_point) {
        MicroPrintf("%s: expected zero point %d of the %s, got %d", kNames[op.kind],
                    static_cast<int>(zero_point), role, static_cast<int>(found.zero_point));
        return false;
    }
    return true;
}

bool CheckQuantizations(Context *context, Node *node, const Op &op, int32_t input_zero_point,
                        int32_t output_zero_point) {
    MicroContext *micro = GetMicroContext(context);
    Quantization input;
    Quantization output;
    if (!Take(micro, micro->AllocateTempInputTensor(node, 0), &input) ||
        !Take(micro, micro->AllocateTempOutputTensor(node, 0), &output) ||
        !CheckQuantization(op, "input", input, input_zero_point) ||
        !CheckQuantization(op, "output", output, output_zero_point)) {
        return false;
    }
    if (op.kind != kKindLength && output.scale != kUnitScale) {
        MicroPrintf("%s: expected an output of scale 1/128", kNames[op.kind]);
        return false;
    }
    return true;
}

// Type, rank (0: any of at least 1) and a static shape.
template <typename EvalTensor>
bool CheckTensor(const Op &op, const char *role, const EvalTensor *tensor, decltype(EvalTensor::type) type,
                 int rank) {
    if (tensor == nullptr || tensor->dims == nullptr) {
        MicroPrintf("%s: the %s is missing", kNames[op.kind], role);
        return false;
    }
    if (tensor->type != type) {
        MicroPrintf("%s: expected type %d of the %s, got %d", kNames[op.kind], static_cast<int>(type), role,
                    static_cast<int>(tensor->type));
        return false;
    }
    if (tensor->dims->size < 1 || (rank != 0 && tensor->dims->size != rank)) {
        MicroPrintf("%s: expected rank %d of the %s, got %d", kNames[op.kind], rank == 0 ? 1 : rank, role,
                    static_cast<int>(tensor->dims->size));
        return false;
    }
    for (int n = 0; n < tensor->dims->size; ++n) {
        if (tensor->dims->data[n] < 1) {
            MicroPrintf("%s: expected a static shape of the %s, got %d in dimension %d", kNames[op.kind],
                        role, static_cast<int>(tensor->dims->data[n]), n);
            return false;
        }
    }
    return true;
}

template <typename Dims>
bool CheckDimension(const Op &op, const char *role, const Dims *dims, int n, int32_t size) {
    if (dims->data[n] != size) {
        MicroPrintf("%s: expected %d in dimension %d of the %s, got %d", kNames[op.kind],
                    static_cast<int>(size), n, role, static_cast<int>(dims->data[n]));
        return false;
    }
    return true;
}

// Counts, and that every tensor is there and not compressed; a bias may be left out.
bool CheckCounts(Context *context, Node *node, const Op &op) {
    const int least = op.kind == kKindCapsuleDense ? 2 : 1;
    const int most = op.kind == kKindCapsuleDense ? 3 : 1;
    const int count = node->inputs == nullptr ? 0 : node->inputs->size;
    const int outputs = node->outputs == nullptr ? 0 : node->outputs->size;
    if (count < least || count > most || outputs != 1) {
        MicroPrintf("%s: expected %d to %d inputs and 1 output, got %d and %d", kNames[op.kind], least, most,
                    count, outputs);
        return false;
    }
    for (int n = 0; n < least; ++n) {
        if (node->inputs->data[n] < 0) {
            MicroPrintf("%s: input %d is no tensor", kNames[op.kind], n);
            return false;
        }
    }
#ifdef USE_TFLM_COMPRESSION
    for (int n = 0; n < count; ++n) {
        if (node->inputs->data[n] >= 0 && GetMicroContext(context)->IsTensorCompressed(node, n)) {
            MicroPrintf("%s: input %d is compressed, which needs a DECODE operator", kNames[op.kind], n);
            return false;
        }
    }
#else
    static_cast<void>(context);
#endif
    return true;
}

bool HasBias(const Node *node) {
    return node->inputs->size == 3 && node->inputs->data[2] >= 0;
}

// The dims of [..., D] as [capsules, D]; the output has the same, or all but D.
bool PrepareCapsules(Context *context, Node *node, const Op &op, tfcaps_capsules_dims *dims) {
    const auto *input = ::tflite::micro::GetEvalInput(context, node, 0);
    const auto *output = ::tflite::micro::GetEvalOutput(context, node, 0);
    using Type = decltype(input->type);
    if (!CheckTensor(op, "input", input, Type::kTfLiteInt8, 0)) {
        return false;
    }
    const int rank = input->dims->size;
    const int output_rank = op.kind == kKindSquash ? rank : rank - 1;
    if (output_rank == 0) {
        MicroPrintf("%s: expected rank 2 of the input, got 1", kNames[op.kind]);
        return false;
    }
    if (!CheckTensor(op, "output", output, Type::kTfLiteInt8, output_rank)) {
        return false;
    }
    int64_t capsules = 1;
    for (int n = 0; n < rank; ++n) {
        if (n < output_rank && !CheckDimension(op, "output", output->dims, n, input->dims->data[n])) {
            return false;
        }
        if (n + 1 < rank) {
            capsules *= input->dims->data[n];
        }
        if (capsules > INT32_MAX) {
            MicroPrintf("%s: expected fewer than 2^31 capsules", kNames[op.kind]);
            return false;
        }
    }
    dims->capsules = static_cast<int32_t>(capsules);
    dims->dimension = input->dims->data[rank - 1];
    if (dims->dimension > TFCAPS_MAX_DIMENSION) {
        MicroPrintf("%s: expected capsules of at most %d dimensions, got %d", kNames[op.kind],
                    static_cast<int>(TFCAPS_MAX_DIMENSION), static_cast<int>(dims->dimension));
        return false;
    }
    return true;
}

bool PrepareDense(Context *context, Node *node, Op *op) {
    const auto *u = ::tflite::micro::GetEvalInput(context, node, 0);
    const auto *kernel = ::tflite::micro::GetEvalInput(context, node, 1);
    const auto *v = ::tflite::micro::GetEvalOutput(context, node, 0);
    using Type = decltype(u->type);
    if (!CheckTensor(*op, "input", u, Type::kTfLiteInt8, 3) ||
        !CheckTensor(*op, "kernel", kernel, Type::kTfLiteInt8, 3) ||
        !CheckTensor(*op, "output", v, Type::kTfLiteInt8, 3)) {
        return false;
    }
    tfcaps_capsule_dense_dims *dims = &op->dense.dims;
    *dims = {u->dims->data[0], u->dims->data[1], u->dims->data[2], v->dims->data[1], v->dims->data[2]};
    if (tfcaps_capsule_dense_s8_get_buffer_size(dims, &op->dense.scratch_size) != TFCAPS_OK) {
        MicroPrintf("%s: expected dimensions within the limits of tfcaps/kernels.h", kNames[op->kind]);
        return false;
    }
    const int32_t outputs = dims->output_capsules * dims->output_dimension;
    if (!CheckDimension(*op, "output", v->dims, 0, dims->batches) ||
        !CheckDimension(*op, "kernel", kernel->dims, 0, dims->input_capsules) ||
        !CheckDimension(*op, "kernel", kernel->dims, 1, outputs) ||
        !CheckDimension(*op, "kernel", kernel->dims, 2, dims->input_dimension)) {
        return false;
    }
    if (HasBias(node)) {
        const auto *bias = ::tflite::micro::GetEvalInput(context, node, 2);
        if (!CheckTensor(*op, "bias", bias, Type::kTfLiteInt32, 1) ||
            !CheckDimension(*op, "bias", bias->dims, 0, outputs)) {
            return false;
        }
    }
    if (op->dense.params.multiplier_count != outputs) {
        MicroPrintf("%s: expected %d multipliers in the options, got %d", kNames[op->kind],
                    static_cast<int>(outputs), static_cast<int>(op->dense.params.multiplier_count));
        return false;
    }
    return true;
}

bool CheckOptions(const Op &op, tfcaps_status status, const char *key) {
    if (status == TFCAPS_OK) {
        return true;
    }
    if (key == nullptr) {
        MicroPrintf("%s: custom options are missing or no flexbuffer map", kNames[op.kind]);
    } else {
        MicroPrintf("%s: option '%s' is missing, of another type or out of range", kNames[op.kind], key);
    }
    return false;
}

// Multipliers stay where they are when they can be used there, else they go to persistent memory.
bool ReadDenseOptions(Context *context, Op *op, const Options &options) {
    const char *key = nullptr;
    size_t count = 0;
    tfcaps_status status = tfcaps_capsule_dense_options_storage(options.bytes, options.size, &count, &key);
    if (!CheckOptions(*op, status, key)) {
        return false;
    }
    int32_t *storage = nullptr;
    if (count > 0) {
        storage = static_cast<int32_t *>(
            GetMicroContext(context)->AllocatePersistentBuffer(count * sizeof(int32_t)));
        if (storage == nullptr) {
            MicroPrintf("%s: the arena is too small for %u multipliers", kNames[op->kind],
                        static_cast<unsigned>(count));
            return false;
        }
    }
    status =
        tfcaps_capsule_dense_options(options.bytes, options.size, storage, count, &op->dense.params, &key);
    return CheckOptions(*op, status, key);
}

void *Init(Context *context, Kind kind, const char *options, size_t size) {
    Op *op = static_cast<Op *>(GetMicroContext(context)->AllocatePersistentBuffer(sizeof(Op)));
    if (op != nullptr) {
        memset(op, 0, sizeof(Op));
        op->kind = kind;
        op->options = {reinterpret_cast<const uint8_t *>(options), size};
    }
    return op;
}

template <Kind kind> void *InitKind(Context *context, const char *options, size_t size) {
    return Init(context, kind, options, size);
}

Status PrepareSquash(Context *context, Node *node) {
    Op *op = static_cast<Op *>(node->user_data);
    const Options options = op->options;
    const char *key = nullptr;
    const tfcaps_status status = tfcaps_squash_options(options.bytes, options.size, &op->squash.params, &key);
    const bool fits = CheckOptions(*op, status, key) && CheckCounts(context, node, *op) &&
                      PrepareCapsules(context, node, *op, &op->squash.dims) &&
                      CheckQuantizations(context, node, *op, op->squash.params.input_zero_point, 0);
    return fits ? kOk : kError;
}

Status PrepareLength(Context *context, Node *node) {
    Op *op = static_cast<Op *>(node->user_data);
    const Options options = op->options;
    const char *key = nullptr;
    const tfcaps_status status = tfcaps_length_options(options.bytes, options.size, &op->length.params, &key);
    const tfcaps_length_params &params = op->length.params;
    const bool fits =
        CheckOptions(*op, status, key) && CheckCounts(context, node, *op) &&
        PrepareCapsules(context, node, *op, &op->length.dims) &&
        CheckQuantizations(context, node, *op, params.input_zero_point, params.output_zero_point);
    return fits ? kOk : kError;
}

Status PrepareCapsuleDense(Context *context, Node *node) {
    Op *op = static_cast<Op *>(node->user_data);
    const Options options = op->options;
    if (!ReadDenseOptions(context, op, options) || !CheckCounts(context, node, *op) ||
        !PrepareDense(context, node, op) ||
        !CheckQuantizations(context, node, *op, op->dense.params.input_zero_point, 0)) {
        return kError;
    }
    return GetMicroContext(context)->RequestScratchBufferInArena(op->dense.scratch_size, &op->dense.scratch);
}

// Without the operator of Init: it had no memory, or TF_LITE_STATIC_MEMORY is defined here and not there, or
// the other way round, and the node's fields lie elsewhere.
template <Status (*prepare)(Context *, Node *)> Status Prepare(Context *context, Node *node) {
    if (node->user_data == nullptr) {
        MicroPrintf(
            "tfcaps: the arena is too small for an operator, or definitions differ from the library's");
        return kError;
    }
    return prepare(context, node);
}

// Eval trusts what Prepare has checked; the kernels check their arguments once more and write nothing if they
// refuse.
Status InvokeSquash(Context *context, Node *node) {
    const Op *op = static_cast<const Op *>(node->user_data);
    const auto *input = ::tflite::micro::GetEvalInput(context, node, 0);
    auto *output = ::tflite::micro::GetEvalOutput(context, node, 0);
    return tfcaps_squash_s8(&op->squash.params, &op->squash.dims,
                            ::tflite::micro::GetTensorData<int8_t>(input),
                            ::tflite::micro::GetTensorData<int8_t>(output)) == TFCAPS_OK
               ? kOk
               : kError;
}

Status InvokeLength(Context *context, Node *node) {
    const Op *op = static_cast<const Op *>(node->user_data);
    const auto *input = ::tflite::micro::GetEvalInput(context, node, 0);
    auto *output = ::tflite::micro::GetEvalOutput(context, node, 0);
    return tfcaps_length_s8(&op->length.params, &op->length.dims,
                            ::tflite::micro::GetTensorData<int8_t>(input),
                            ::tflite::micro::GetTensorData<int8_t>(output)) == TFCAPS_OK
               ? kOk
               : kError;
}

Status InvokeCapsuleDense(Context *context, Node *node) {
    const Op *op = static_cast<const Op *>(node->user_data);
    const CapsuleDense &dense = op->dense;
    const auto *u = ::tflite::micro::GetEvalInput(context, node, 0);
    const auto *kernel = ::tflite::micro::GetEvalInput(context, node, 1);
    const int32_t *bias =
        HasBias(node)
            ? ::tflite::micro::GetTensorData<int32_t>(::tflite::micro::GetEvalInput(context, node, 2))
            : nullptr;
    auto *v = ::tflite::micro::GetEvalOutput(context, node, 0);
    const tfcaps_context scratch = {GetMicroContext(context)->GetScratchBuffer(dense.scratch),
                                    dense.scratch_size};
    return tfcaps_capsule_dense_s8(&scratch, &dense.params, &dense.dims,
                                   ::tflite::micro::GetTensorData<int8_t>(u),
                                   ::tflite::micro::GetTensorData<int8_t>(kernel), bias,
                                   ::tflite::micro::GetTensorData<int8_t>(v)) == TFCAPS_OK
               ? kOk
               : kError;
}

// Resolvers copy what they are given; the fields that are not set here are 0 in every version.
template <Kind kind, Status (*prepare)(Context *, Node *), Status (*invoke)(Context *, Node *)>
Registration *Register() {
    static Registration registration;
    registration.init = InitKind<kind>;
    registration.prepare = Prepare<prepare>;
    registration.invoke = invoke;
    return &registration;
}

} // namespace
} // namespace tflm

tflm::Registration *Register_SQUASH() {
    return tflm::Register<tflm::kKindSquash, tflm::PrepareSquash, tflm::InvokeSquash>();
}

tflm::Registration *Register_LENGTH() {
    return tflm::Register<tflm::kKindLength, tflm::PrepareLength, tflm::InvokeLength>();
}

tflm::Registration *Register_CAPSULE_DENSE() {
    return tflm::Register<tflm::kKindCapsuleDense, tflm::PrepareCapsuleDense, tflm::InvokeCapsuleDense>();
}

} // namespace tfcaps

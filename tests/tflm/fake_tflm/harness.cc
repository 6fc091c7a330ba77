// Runs one capsule operator in the test double, for Python: register, init, prepare, invoke.
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <new>

#include "fake_tflm.h"
#include "tfcaps_tflm.h"

#if FAKE_TFLM_GENERATION == 1
using namespace tflite;
#else
using namespace tflite::micro;
#endif

namespace {

constexpr int kMostTensors = 8;
char *log_text;
size_t log_size;

} // namespace

void MicroPrintf(const char *format, ...) {
    const size_t used = strlen(log_text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(log_text + used, log_size - used, format, arguments);
    va_end(arguments);
}

extern "C" {

struct Tensor {
    int type;
    int rank; // -1: a tensor without dims
    int dims[8];
    void *data;
    float scale;
    int zero_point;
};

// In: what there is to run and what memory there is. Out: how far it came and what was used.
struct Run {
    const char *code;
    const char *options;
    size_t options_size;
    Tensor *tensors;
    int inputs[kMostTensors];
    int input_count;
    int outputs[kMostTensors];
    int output_count;
    size_t persistent_limit;
    int temporary_limit;
    int refuses_scratch;
    int compressed_input; // -1: none
    char *log;
    size_t log_size;
    size_t persistent;
    size_t scratch;
    int temporaries; // still allocated after Prepare
    int stage;       // 0: done, 1: not found, 2: Prepare failed, 3: Invoke failed
};
}

namespace {

class FakeContext : public MicroContext {
  public:
    explicit FakeContext(Run *run) : run_(run) {
        for (int n = 0; n < kMostTensors; ++n) {
            const Tensor &from = run->tensors[n];
            dims_[n].size = from.rank;
            memcpy(dims_[n].data, from.dims, sizeof from.dims);
            tensors_[n].data.raw = static_cast<char *>(from.data);
            tensors_[n].dims = from.rank < 0 ? nullptr : &dims_[n];
            tensors_[n].type = static_cast<TfLiteType>(from.type);
        }
    }

    void *AllocatePersistentBuffer(size_t bytes) override {
        if (invoking || run_->persistent + bytes > run_->persistent_limit) {
            return nullptr;
        }
        char *memory = persistent_ + run_->persistent;
        run_->persistent += (bytes + 15) / 16 * 16;
        return memory;
    }

    TfLiteStatus RequestScratchBufferInArena(size_t bytes, int *index) override {
        if (invoking || run_->refuses_scratch) {
            return kTfLiteError;
        }
        run_->scratch = bytes;
        *index = 7;
        return kTfLiteOk;
    }

    void *GetScratchBuffer(int index) override {
        return invoking && index == 7 ? scratch_ : nullptr;
    }

    TfLiteTensor *AllocateTempTfLiteTensor(int tensor) override {
        if (invoking || temporaries_made_ >= run_->temporary_limit) {
            return nullptr;
        }
        ++temporaries_made_;
        ++run_->temporaries;
        temporary_.params = {run_->tensors[tensor].scale, run_->tensors[tensor].zero_point};
        return &temporary_;
    }

    void DeallocateTempTfLiteTensor(TfLiteTensor *) override {
        --run_->temporaries;
    }

    TfLiteEvalTensor *GetEvalTensor(int tensor) override {
        return &tensors_[tensor];
    }

#ifdef USE_TFLM_COMPRESSION
    bool IsTensorCompressed(const TfLiteNode *, int index) override {
        return index == run_->compressed_input;
    }
#endif

    bool invoking = false;

  private:
    Run *run_;
    TfLiteIntArray dims_[kMostTensors];
    TfLiteEvalTensor tensors_[kMostTensors];
    TfLiteTensor temporary_;
    int temporaries_made_ = 0;
    alignas(16) char persistent_[1 << 16];
    alignas(16) char scratch_[1 << 16];
};

TfLiteIntArray Indices(const int *from, int count) {
    TfLiteIntArray result = {count, {}};
    memcpy(result.data, from, sizeof result.data);
    return result;
}

} // namespace

extern "C" __attribute__((visibility("default"))) void fake_run(Run *run) {
    static MicroMutableOpResolver<tfcaps::kOps> resolver;
    static const TfLiteStatus registered = tfcaps::RegisterOps(resolver);
    log_text = run->log;
    log_size = run->log_size;
    const TFLMRegistration *op = resolver.FindOp(run->code);
    run->stage = 1;
    if (registered != kTfLiteOk || op == nullptr) {
        return;
    }
    FakeContext *micro = static_cast<FakeContext *>(malloc(sizeof(FakeContext)));
    new (micro) FakeContext(run);
    TfLiteContext context = {static_cast<MicroContext *>(micro)};
    TfLiteIntArray inputs = Indices(run->inputs, run->input_count);
    TfLiteIntArray outputs = Indices(run->outputs, run->output_count);
    TfLiteNode node = {&inputs, &outputs, nullptr, op->init(&context, run->options, run->options_size)};
    run->stage = 2;
    if (op->prepare(&context, &node) == kTfLiteOk) {
        micro->invoking = true;
        run->stage = op->invoke(&context, &node) == kTfLiteOk ? 0 : 3;
    }
    free(micro);
}

// How many operators a resolver of `slots` (1 to 4) takes: `rounds` times all of them, or one at a time.
template <unsigned int slots> static int Fill(int rounds) {
    MicroMutableOpResolver<slots> resolver;
    int failed = 0;
    for (int n = 0; n < rounds; ++n) {
        failed += tfcaps::RegisterOps(resolver) != kTfLiteOk;
    }
    return failed;
}

extern "C" __attribute__((visibility("default"))) int fake_failures(int slots, int rounds) {
    return slots == 2 ? Fill<2>(rounds) : slots == 3 ? Fill<3>(rounds) : Fill<9>(rounds);
}

// Bit n: operator n is there after adding only the operator `kind`.
extern "C" __attribute__((visibility("default"))) int fake_single(int kind) {
    MicroMutableOpResolver<1> resolver;
    const TfLiteStatus status = kind == 0   ? tfcaps::AddSquash(resolver)
                                : kind == 1 ? tfcaps::AddLength(resolver)
                                            : tfcaps::AddCapsuleDense(resolver);
    return status != kTfLiteOk ? -1
                               : (resolver.FindOp(tfcaps::kSquash) != nullptr) * 1 +
                                     (resolver.FindOp(tfcaps::kLength) != nullptr) * 2 +
                                     (resolver.FindOp(tfcaps::kCapsuleDense) != nullptr) * 4;
}

#include "fake_interpreter.h"

#include <cstdarg>
#include <cstdio>

void MicroPrintf(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

namespace tflite {

const Model *GetModel(const void *data) {
    static Model model;
    model.data = data;
    return &model;
}

} // namespace tflite

FAKE_CXX_BEGIN

void InitializeTarget() {}

// Says what it was given; the first bytes of a .tflite hold its identifier.
MicroInterpreter::MicroInterpreter(const ::tflite::Model *model, const MicroOpResolver &resolver,
                                   uint8_t *arena, size_t size)
    : resolver_(resolver) {
    const bool is_model = memcmp(static_cast<const char *>(model->data) + 4, "TFL3", 4) == 0;
    const bool is_aligned =
        (reinterpret_cast<uintptr_t>(arena) | reinterpret_cast<uintptr_t>(model->data)) % 16 == 0;
    MicroPrintf("model %d, aligned %d, arena %u, length %d, other %d", is_model, is_aligned,
                static_cast<unsigned>(size), resolver_.FindOp("TfcapsLength") != nullptr,
                resolver_.FindOp("SOFTMAX") != nullptr);
}

TfLiteStatus MicroInterpreter::AllocateTensors() {
    return kTfLiteError;
}

TfLiteStatus MicroInterpreter::Invoke() {
    return kTfLiteError;
}

TfLiteTensor *MicroInterpreter::input(size_t) {
    return nullptr;
}

TfLiteTensor *MicroInterpreter::output(size_t) {
    return nullptr;
}

size_t MicroInterpreter::arena_used_bytes() const {
    return 0;
}

FAKE_CXX_END

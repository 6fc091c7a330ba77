// Hands the operators to the interpreter of the tflite-micro wheel, which calls a function by name with its
// resolver.
#include <cstdarg>
#include <cstdio>

#include "fake_tflm.h"
#include "tfcaps_tflm.h"

void MicroPrintf(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

extern "C" __attribute__((visibility("default"))) bool TfcapsDeviceOps(void *resolver) {
    return tfcaps::RegisterOps(*static_cast<FAKE_TFLM::MicroMutableOpResolver<200> *>(resolver)) ==
           FAKE_TFLM::kTfLiteOk;
}

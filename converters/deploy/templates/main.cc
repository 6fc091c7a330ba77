// Runs the model @{name} on its example and compares the outputs, written by tfcaps deploy. Returns 0 when they agree.
#include <cstdint>
#include <cstring>

#include "@{name}_example.h"
#include "@{name}_model.h"
#include "@{name}_resolver.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_log.h"
#include "tensorflow/lite/micro/system_setup.h"
#include "tensorflow/lite/schema/schema_generated.h"

namespace {

constexpr auto kOk = tfcaps::tflm::Status::kTfLiteOk;
alignas(16) uint8_t arena[@{name}::kArenaSize];

int Fail(const char *what) {
    MicroPrintf("@{name}: FAIL: %s", what);
    return 1;
}

int RunExample() {
    using namespace @{name};
    Resolver resolver;
    if (!AddOperators(resolver)) {
        return Fail("an operator could not be registered");
    }
    runtime::MicroInterpreter interpreter(::tflite::GetModel(kModel), resolver, arena, sizeof arena);
    if (interpreter.AllocateTensors() != kOk) {
        return Fail("the tensors could not be allocated");
    }
    MicroPrintf("@{name}: %u of %u bytes of arena used", static_cast<unsigned>(interpreter.arena_used_bytes()),
                static_cast<unsigned>(sizeof arena));
    for (int n = 0; n < kInputs; ++n) {
        if (interpreter.input(n)->bytes != kExampleInputs[n].size) {
            return Fail("an input has another size than the example");
        }
        std::memcpy(interpreter.input(n)->data.raw, kExampleInputs[n].data, kExampleInputs[n].size);
    }
    if (interpreter.Invoke() != kOk) {
        return Fail("the model could not be run");
    }
    for (int n = 0; n < kOutputs; ++n) {
        if (interpreter.output(n)->bytes != kExampleOutputs[n].size ||
            std::memcmp(interpreter.output(n)->data.raw, kExampleOutputs[n].data, kExampleOutputs[n].size) != 0) {
            return Fail("an output differs from what was expected");
        }
    }
    MicroPrintf("@{name}: PASS: every output as expected");
    return 0;
}

} // namespace

int main() {
    @{name}::runtime::InitializeTarget();
    return RunExample();
}

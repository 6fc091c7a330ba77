// One run of the model @{name}: inputs and the outputs that belong to them, written by tfcaps deploy.
#ifndef @{guard}_EXAMPLE_H
#define @{guard}_EXAMPLE_H

#include <cstddef>

namespace @{name} {

struct Example {
    const void *data;
    std::size_t size; // bytes
};

constexpr int kInputs = @{input_count};
constexpr int kOutputs = @{output_count};

// @{example_what}
extern const Example kExampleInputs[kInputs];
extern const Example kExampleOutputs[kOutputs];

} // namespace @{name}

#endif

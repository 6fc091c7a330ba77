// One run of the model @{name}, written by tfcaps deploy.
#include "@{name}_example.h"

#include <cstdint>

namespace @{name} {
namespace {

@{example_arrays}
} // namespace

const Example kExampleInputs[kInputs] = {@{input_entries}};
const Example kExampleOutputs[kOutputs] = {@{output_entries}};

} // namespace @{name}

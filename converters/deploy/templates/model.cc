// The model @{name}, written by tfcaps deploy: @{model_size} bytes of .tflite.
#include "@{name}_model.h"

namespace @{name} {

alignas(16) const unsigned char kModel[kModelSize] = {
@{model_rows}
};

} // namespace @{name}

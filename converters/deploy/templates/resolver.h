// The operators of the model @{name} and no others, written by tfcaps deploy.
#ifndef @{guard}_RESOLVER_H
#define @{guard}_RESOLVER_H

#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tfcaps_tflm.h"

namespace @{name} {

// TensorFlow Lite Micro's classes, which older versions have in tflite and newer ones in tflite::micro.
namespace runtime {
using namespace ::tflite;
using namespace ::tflite::micro;
} // namespace runtime

using Resolver = runtime::MicroMutableOpResolver<@{op_count}>;

// Whether every operator was added, to a resolver that is empty.
inline bool AddOperators(Resolver &resolver) {
    constexpr auto ok = tfcaps::tflm::Status::kTfLiteOk;
    return @{op_calls};
}

} // namespace @{name}

#endif

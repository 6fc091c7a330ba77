// The capsule operators of a tfcaps .tflite in a TensorFlow Lite Micro build. Add this folder's one source,
// the C files of micro/src, and micro/include on the include path; then
//
//     tflite::MicroMutableOpResolver<3 + tfcaps::kOps> resolver;
//     resolver.AddConv2D();
//     resolver.AddReshape();
//     resolver.AddQuantize();
//     if (tfcaps::RegisterOps(resolver) != kTfLiteOk) ...
//
// or, for one operator alone, tfcaps::AddSquash(resolver). C++11 without exceptions, RTTI or heap. Compile it
// with the definitions of the TensorFlow Lite Micro library (TF_LITE_STATIC_MEMORY changes its structs).
//
// TensorFlow Lite Micro's types live in the global namespace and in tflite, and since autumn 2026 in
// tflite::micro. Both work, without a flag: every type is taken from one function of the resolver.
#ifndef TFCAPS_TFLM_H
#define TFCAPS_TFLM_H

#include <type_traits>
#include <utility>

#include "tensorflow/lite/micro/micro_op_resolver.h"

namespace tflite {
namespace micro {} // namespace micro
} // namespace tflite

namespace tfcaps {

// Slots of a MicroMutableOpResolver that RegisterOps takes.
constexpr unsigned int kOps = 3;

// The custom codes of docs/custom_ops.md.
constexpr char kSquash[] = "TfcapsSquash";
constexpr char kLength[] = "TfcapsLength";
constexpr char kCapsuleDense[] = "TfcapsCapsuleDense";

namespace tflm {

using namespace ::tflite;
using namespace ::tflite::micro;

template <typename Function> struct Signature;
template <typename R, typename C, typename N> struct Signature<R (*)(C *, N *)> {
    using Result = R;
    using Context = C;
    using Node = N;
};

// TFLMRegistration, or TfLiteRegistration before 2023.
using Registration =
    std::remove_const<std::remove_pointer<decltype(std::declval<const MicroOpResolver &>().FindOp(
        static_cast<const char *>(nullptr)))>::type>::type;
using Kernel = Signature<decltype(Registration::invoke)>;
using Status = Kernel::Result; // TfLiteStatus
using Context = Kernel::Context;
using Node = Kernel::Node;

} // namespace tflm

// What a resolver is given, for builds that do without the functions below.
tflm::Registration *Register_SQUASH();
tflm::Registration *Register_LENGTH();
tflm::Registration *Register_CAPSULE_DENSE();

// One operator each; `resolver` is a MicroMutableOpResolver of any size.
template <typename Resolver> tflm::Status AddSquash(Resolver &resolver) {
    return resolver.AddCustom(kSquash, Register_SQUASH());
}

template <typename Resolver> tflm::Status AddLength(Resolver &resolver) {
    return resolver.AddCustom(kLength, Register_LENGTH());
}

template <typename Resolver> tflm::Status AddCapsuleDense(Resolver &resolver) {
    return resolver.AddCustom(kCapsuleDense, Register_CAPSULE_DENSE());
}

// All of them: TfLiteStatus RegisterOps(resolver). Fails when the resolver has fewer than kOps free slots, or
// has one of them already.
template <typename Resolver> tflm::Status RegisterOps(Resolver &resolver) {
    const tflm::Status squash = AddSquash(resolver);
    if (squash != tflm::Status::kTfLiteOk) {
        return squash;
    }
    const tflm::Status length = AddLength(resolver);
    return length != tflm::Status::kTfLiteOk ? length : AddCapsuleDense(resolver);
}

} // namespace tfcaps

#endif

// The model @{name}, written by tfcaps deploy.
#ifndef @{guard}_MODEL_H
#define @{guard}_MODEL_H

#include <cstddef>

namespace @{name} {

// The .tflite, aligned to 16 bytes: its weights are used where they lie.
constexpr std::size_t kModelSize = @{model_size};
extern const unsigned char kModel[kModelSize];

// Bytes of arena, aligned to 16. TensorFlow Lite Micro used @{arena_used} on a machine with 8-byte pointers; 2 % are
// added for other versions of it. A 32-bit device needs less: print interpreter.arena_used_bytes() there.
constexpr std::size_t kArenaSize = @{arena_size};

} // namespace @{name}

#endif

// The interpreter of the test double, for programs that have one: it finds that every arena is too small.
#ifndef FAKE_INTERPRETER_H
#define FAKE_INTERPRETER_H

#include "fake_tflm.h"

namespace tflite {

struct Model {
    const void *data;
};

const Model *GetModel(const void *data);

} // namespace tflite

FAKE_CXX_BEGIN

void InitializeTarget();

class MicroInterpreter {
  public:
    MicroInterpreter(const ::tflite::Model *model, const MicroOpResolver &resolver, uint8_t *arena,
                     size_t size);
    TfLiteStatus AllocateTensors();
    TfLiteStatus Invoke();
    TfLiteTensor *input(size_t index);
    TfLiteTensor *output(size_t index);
    size_t arena_used_bytes() const;

  private:
    const MicroOpResolver &resolver_;
};

FAKE_CXX_END

#endif

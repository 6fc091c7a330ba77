/* What a build generates for micro/boards/c/run_model.c, of a model with two inputs. */
#include "tfcaps/kernels.h"

#define MODEL_INPUT_SIZES 3, 5
#define MODEL_OUTPUT_SIZES 7
#define MODEL_TENSOR_BYTES 48
#define MODEL_ARENA_BYTES 64

tfcaps_status model_run(void *arena, const int8_t *const inputs[], int8_t *const outputs[]);

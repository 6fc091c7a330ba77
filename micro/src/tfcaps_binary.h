/* What all elementwise operators of two inputs have in common: broadcasting. Private. */
#ifndef TFCAPS_BINARY_H
#define TFCAPS_BINARY_H

#include "tfcaps/nn.h"

/* One row: steps are 0 for an input that stays, else 1, as is the output's. */
typedef void (*tfcaps_binary_row)(const void *params, int32_t size, const int8_t *input1, int32_t step1,
                                  const int8_t *input2, int32_t step2, int8_t *output);

/* Checks the shapes and runs row over all rows. The caller has checked params. */
tfcaps_status tfcaps_binary(tfcaps_binary_row row, const void *params, const tfcaps_shape *input1_shape,
                            const int8_t *input1, const tfcaps_shape *input2_shape, const int8_t *input2,
                            const tfcaps_shape *output_shape, int8_t *output);

#endif

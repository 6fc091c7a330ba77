#include "tfcaps_dot_block.h"

#if defined(TFCAPS_BLOCK_RVV)
#include "tfcaps_dot.h"

void tfcaps_dot_block(const tfcaps_dot_rows *bytes, const int8_t *input, int32_t input_stride,
                      const int8_t *kernel, int32_t kernel_stride, uint32_t *sums) {
    (void)input_stride; /* one filter at one column */
    (void)kernel_stride;
    uint32_t sum = *sums;
    for (int32_t row = 0; row < bytes->rows; ++row) {
        sum = tfcaps_dot(sum, kernel + row * bytes->kernel_step, input + row * bytes->input_step, 0,
                         bytes->size);
    }
    *sums = sum;
}

#endif

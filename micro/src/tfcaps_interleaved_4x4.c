#include "tfcaps_interleaved.h"

#if !defined(TFCAPS_RV32)

/* Four sums fit the registers of any processor. */
void tfcaps_interleaved_4x4(const tfcaps_dot_rows *bytes, const int8_t *input, int32_t input_stride,
                            const int8_t *kernel, uint32_t sums[16]) {
    for (int32_t column = 0; column < TFCAPS_INTERLEAVED_COLUMNS; ++column) {
        tfcaps_interleaved_4x1(bytes, input, 0, kernel, sums);
        input += input_stride;
        sums += TFCAPS_INTERLEAVED_FILTERS;
    }
}

#endif

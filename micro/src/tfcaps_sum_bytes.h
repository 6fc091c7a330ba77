/* The sum of bytes: what a zero point is multiplied with. Private. */
#ifndef TFCAPS_SUM_BYTES_H
#define TFCAPS_SUM_BYTES_H

#include "tfcaps_variant.h"
#include <stdint.h>

#if defined(TFCAPS_DSP)
#include "tfcaps_dsp.h"
#endif

static inline uint32_t tfcaps_sum_bytes(const int8_t *bytes, int32_t size) {
    uint32_t sum = 0;
#if defined(TFCAPS_DSP)
    for (; size >= 4; size -= 4) {
        sum = tfcaps_add_4_bytes(sum, tfcaps_load_4(bytes));
        bytes += 4;
    }
#endif
    for (int32_t n = 0; n < size; ++n) {
        const uint32_t byte = (uint32_t)bytes[n];
        sum += byte;
    }
    return sum;
}

#endif

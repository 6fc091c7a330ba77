/* The inner product of convolutions and dense layers. Private. */
#ifndef TFCAPS_DOT_H
#define TFCAPS_DOT_H

#include <stdint.h>

/* sum + kernel . (input - zero_point); wraps where the reference overflows. */
static inline uint32_t tfcaps_dot(uint32_t sum, const int8_t *kernel, const int8_t *input, int32_t zero_point,
                                  int32_t size) {
    for (int32_t n = 0; n < size; ++n) {
        sum += (uint32_t)(kernel[n] * (input[n] - zero_point));
    }
    return sum;
}

#endif

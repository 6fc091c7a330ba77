/* TensorFlow Lite's fixed-point multiplication, rounded twice as in its reference kernels, and the checks of
 * the parameters that belong to it. Private to the builtin operators; the capsule operators round once. */
#ifndef TFCAPS_MULTIPLY_H
#define TFCAPS_MULTIPLY_H

#include "tfcaps/nn.h"
#include "tfcaps_fixed_point.h"

/* The high half of 2 a b, halves up. a and b are not both INT32_MIN. */
static inline int32_t tfcaps_multiply_high(int32_t a, int32_t b) {
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
}

/* x / 2^n for 0 <= n <= 31, halves away from zero. */
static inline int32_t tfcaps_divide_by_power(int32_t x, int32_t n) {
    const uint32_t mask = ((uint32_t)1 << n) - 1;
    const uint32_t remainder = (uint32_t)x & mask;
    return (x >> n) + (remainder > (mask >> 1) + (x < 0));
}

/* x * multiplier / 2^31 * 2^shift; a left shift wraps. */
static inline int32_t tfcaps_multiply(int32_t x, int32_t multiplier, int32_t shift) {
    if (shift > 0) {
        return tfcaps_multiply_high((int32_t)((uint32_t)x << shift), multiplier);
    }
    return tfcaps_divide_by_power(tfcaps_multiply_high(x, multiplier), -shift);
}

/* The same as an output: relative to its zero point, and limited. All three are int8. */
static inline int8_t tfcaps_output(int32_t x, int32_t multiplier, int32_t shift, int32_t zero_point,
                                   int32_t least, int32_t most) {
    const int32_t y = tfcaps_multiply(x, multiplier, shift);
    least -= zero_point;
    most -= zero_point;
    return (int8_t)((y < least ? least : y > most ? most : y) + zero_point);
}

static inline int tfcaps_is_scale(int32_t multiplier, int32_t shift) {
    return multiplier >= 0 && shift >= -31 && shift <= 30;
}

static inline int tfcaps_is_activation(int32_t least, int32_t most) {
    return tfcaps_is_int8(least) && tfcaps_is_int8(most) && least <= most;
}

/* Scales of so many channels. */
static inline tfcaps_status tfcaps_check_scales(const tfcaps_channel_scales *scales, int32_t channels) {
    if (scales == NULL || scales->multiplier == NULL || scales->shift == NULL) {
        return TFCAPS_ERROR_NULL;
    }
    if (scales->count != 1 && scales->count != channels) {
        return TFCAPS_ERROR_RANGE;
    }
    for (int32_t n = 0; n < scales->count; ++n) {
        if (!tfcaps_is_scale(scales->multiplier[n], scales->shift[n])) {
            return TFCAPS_ERROR_RANGE;
        }
    }
    return TFCAPS_OK;
}

#endif

/* TensorFlow Lite's fixed-point multiplication, rounded twice as in its reference kernels, and the checks of
 * the parameters that belong to it. Private to the builtin operators; the capsule operators round once. */
#ifndef TFCAPS_MULTIPLY_H
#define TFCAPS_MULTIPLY_H

#include "tfcaps/nn.h"
#include "tfcaps_fixed_point.h"

/* The high half of 2 a b, halves up. a and b are not both INT32_MIN. */
static inline int32_t tfcaps_multiply_high(int32_t a, int32_t b) {
#if defined(__thumb__) && !defined(__thumb2__) /* no instruction gives the high half */
    const int32_t a_low = a & 0xffff;
    const int32_t b_low = b & 0xffff;
    const int32_t a_high = a >> 16;
    const int32_t b_high = b >> 16;
    const int32_t low = (int32_t)((uint32_t)a_low * (uint32_t)b_low >> 16) + a_low * b_high;
    const int32_t middle = a_high * b_low + (low & 0xffff);
    const int32_t high = a_high * b_high + (low >> 16) + (middle >> 16);
    return (int32_t)((uint32_t)high * 2) + (((middle & 0xffff) + (1 << 14)) >> 15);
#else
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
#endif
}

/* The same for b >= 0, below INT32_MAX whatever a. */
static inline int32_t tfcaps_scale_high(int32_t a, int32_t b) {
#if defined(__riscv) /* multiplies signed by unsigned */
    const int64_t product = (int64_t)a * (int64_t)(uint64_t)((uint32_t)b << 1);
    return (int32_t)(product >> 32) + (int32_t)((uint32_t)product >> 31);
#else
    return tfcaps_multiply_high(a, b);
#endif
}

/* x / 2^n for 0 <= n <= 31, halves away from zero. */
static inline int32_t tfcaps_divide_by_power(int32_t x, int32_t n) {
    const uint32_t mask = ((uint32_t)1 << n) - 1;
    const uint32_t remainder = (uint32_t)x & mask;
    return (x >> n) + (remainder > (mask >> 1) + (x < 0));
}

/* The same for 1 <= n and x < INT32_MAX. */
static inline int32_t tfcaps_shift_right(int32_t x, int32_t n) {
    return (((x + (x >> 31)) >> (n - 1)) + 1) >> 1;
}

/* x * multiplier / 2^31 * 2^shift; a left shift wraps. */
static inline int32_t tfcaps_multiply(int32_t x, int32_t multiplier, int32_t shift) {
    if (shift < 0) {
        return tfcaps_shift_right(tfcaps_scale_high(x, multiplier), -shift);
    }
    return tfcaps_scale_high((int32_t)((uint32_t)x << shift), multiplier);
}

/* The same as an output: relative to its zero point, and limited. All three are int8. */
static inline int8_t tfcaps_output(int32_t x, int32_t multiplier, int32_t shift, int32_t zero_point,
                                   int32_t least, int32_t most) {
    const int32_t y = tfcaps_multiply(x, multiplier, shift);
    least -= zero_point;
    most -= zero_point;
    return (int8_t)((y < least ? least : y > most ? most : y) + zero_point);
}

/* Twice a sum as an output, where constants are laid out ahead of time; its stage is {multiplier, what is
 * added before the shift, shift right}. */
static inline int8_t tfcaps_output_of_twice(int32_t twice, const int32_t *stage) {
    const uint32_t product = (uint32_t)tfcaps_multiply_high(twice / 2, stage[0]);
    const int32_t y = (int32_t)(product + (uint32_t)stage[1] - (twice < 0)) >> stage[2];
    return tfcaps_sat8(y);
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

/* The words of docs/numerics.md in C. Private to the kernels.
 *
 * A right shift of a negative integer is arithmetic with every compiler for every target we know; the check
 * below turns the exception into a compile error instead of wrong bits. */
#ifndef TFCAPS_FIXED_POINT_H
#define TFCAPS_FIXED_POINT_H

#include <stdint.h>

typedef char tfcaps_shift_of_negative_is_arithmetic[((-5) >> 1) == -3 ? 1 : -1];

/* Rounding shift, halves go up; x + 2^(n-1) must fit 64 bits. */
static inline int64_t tfcaps_rshift(int64_t x, int32_t n) {
    return n == 0 ? x : (x + ((int64_t)1 << (n - 1))) >> n;
}

/* rshift(x * m, n) for |x| <= 2^31, 0 <= m < 2^31, 1 <= n <= 62. Beyond 32 the half is in the high word
 * alone. */
static inline int64_t tfcaps_requantise(int32_t x, int32_t m, int32_t n) {
    const int64_t product = (int64_t)x * m;
    return n > 32 ? ((int32_t)(product >> 32) + (1 << (n - 33))) >> (n - 32) : tfcaps_rshift(product, n);
}

static inline int32_t tfcaps_sat(int64_t x, int32_t lo, int32_t hi) {
    return x < lo ? lo : x > hi ? hi : (int32_t)x;
}

static inline int8_t tfcaps_sat8(int64_t x) {
    return (int8_t)tfcaps_sat(x, INT8_MIN, INT8_MAX);
}

static inline int16_t tfcaps_sat16(int64_t x) {
    return (int16_t)tfcaps_sat(x, INT16_MIN, INT16_MAX);
}

#if defined(__ARM_FEATURE_SAT) && defined(__has_builtin)
#if __has_builtin(__builtin_arm_ssat)
#define TFCAPS_SSAT 1
#endif
#endif

#if defined(__ARM_FEATURE_DSP) && defined(__has_builtin)
#if __has_builtin(__builtin_arm_qadd)
#define TFCAPS_QADD 1
#endif
#endif

/* a + b, limited to 32 bits. */
static inline int32_t tfcaps_add_saturated(int32_t a, int32_t b) {
#if defined(TFCAPS_QADD)
    return (int32_t)__builtin_arm_qadd(a, b);
#else
    return tfcaps_sat((int64_t)a + b, INT32_MIN, INT32_MAX);
#endif
}

/* sat16 of what fits 32 bits. */
static inline int32_t tfcaps_narrow16(int32_t x) {
#if defined(TFCAPS_SSAT)
    return (int32_t)__builtin_arm_ssat(x, 16);
#else
    const int32_t least = x > INT16_MIN ? x : INT16_MIN;
    return least < INT16_MAX ? least : INT16_MAX;
#endif
}

/* Leading zeros of x as 32 bits; 32 for 0. */
static inline int32_t tfcaps_clz(uint32_t x) {
#if defined(__GNUC__)
    return x == 0 ? 32 : __builtin_clz(x) - (int32_t)(8 * sizeof(unsigned) - 32);
#else
    int32_t n = 32;
    for (; x != 0; x >>= 1) {
        --n;
    }
    return n;
#endif
}

/* Floor of the square root of x > 0; for 0 anything below 2^16. */
static inline uint32_t tfcaps_isqrt_positive(uint32_t x) {
#if defined(__thumb__) && !defined(__thumb2__) /* no division: one result bit a turn */
    uint32_t root = 0;
    uint32_t bit = x == 0 ? 0 : (uint32_t)1 << ((31 - tfcaps_clz(x)) & ~1);
    for (; bit != 0; bit >>= 2) {
        if (x >= root + bit) {
            x -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return root;
#else
    const int32_t zeros = tfcaps_clz(x) & 30;
    const uint32_t y = x << zeros;
    uint32_t root = (y >> 17) + 27000; /* within 9 %; after two steps of Newton's the floor or one more */
    root = (root + y / root) >> 1;
    root = (root + y / root) >> 1;
    root -= root > y / root;
    return root >> (zeros >> 1);
#endif
}

/* Floor of the square root. */
static inline uint32_t tfcaps_isqrt(uint32_t x) {
    if (x == 0) {
        return 0;
    }
    return tfcaps_isqrt_positive(x);
}

/* f of Squash and Length: as many fraction bits as keep |d|^2 * 2^f below 2^32. */
static inline int32_t tfcaps_length_bits(int32_t dimension) {
    return dimension <= 16 ? 12 : dimension <= 64 ? 10 : 8;
}

/* The sum of (q - zero_point)^2 over one capsule. */
static inline uint32_t tfcaps_square_sum(const int8_t *capsule, int32_t dimension, int32_t zero_point) {
    uint32_t sum = 0;
    for (int32_t k = 0; k < dimension; ++k) {
        const int32_t d = capsule[k] - zero_point;
        sum += (uint32_t)(d * d);
    }
    return sum;
}

/* Whether a tensor of so many bytes can exist here. */
static inline int tfcaps_fits(uint64_t bytes) {
    return bytes <= (uint64_t)PTRDIFF_MAX;
}

static inline int tfcaps_is_int8(int32_t x) {
    return x >= INT8_MIN && x <= INT8_MAX;
}

#endif

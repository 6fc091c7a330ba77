/* Instructions on packed halfwords of Armv7E-M and Armv8-M, for files under TFCAPS_DSP. Private. */
#ifndef TFCAPS_DSP_H
#define TFCAPS_DSP_H

#include <stdint.h>

/* Four bytes at any address. */
static inline uint32_t tfcaps_load_4(const int8_t *bytes) {
    uint32_t word;
    __builtin_memcpy(&word, bytes, sizeof word);
    return word;
}

/* Bytes 0 and 2 as two halfwords with sign. */
static inline uint32_t tfcaps_even_bytes(uint32_t word) {
    uint32_t halves;
    __asm__("sxtb16 %0, %1" : "=r"(halves) : "r"(word));
    return halves;
}

/* Bytes 1 and 3. */
static inline uint32_t tfcaps_odd_bytes(uint32_t word) {
    uint32_t halves;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(halves) : "r"(word));
    return halves;
}

/* Bytes 0 and 2, added to halves; wraps. */
static inline uint32_t tfcaps_add_even_bytes(uint32_t halves, uint32_t word) {
    uint32_t sums;
    __asm__("sxtab16 %0, %1, %2" : "=r"(sums) : "r"(halves), "r"(word));
    return sums;
}

/* Bytes 1 and 3, added to halves; wraps. */
static inline uint32_t tfcaps_add_odd_bytes(uint32_t halves, uint32_t word) {
    uint32_t sums;
    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(sums) : "r"(halves), "r"(word));
    return sums;
}

/* The low halves of both, that of a below that of b. */
static inline uint32_t tfcaps_halves(int32_t a, int32_t b) {
    uint32_t halves;
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(halves) : "r"(a), "r"(b));
    return halves;
}

/* The high halves of both, that of a below that of b. */
static inline uint32_t tfcaps_high_halves(uint32_t a, uint32_t b) {
    uint32_t halves;
    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(halves) : "r"(b), "r"(a));
    return halves;
}

/* sum + a0 b0 + a1 b1; wraps. */
static inline uint32_t tfcaps_smlad(uint32_t a, uint32_t b, uint32_t sum) {
    __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));
    return sum;
}

/* sum + the squares of four bytes, to each of which the halves of zero are added; wraps. */
static inline uint32_t tfcaps_add_squares(uint32_t sum, uint32_t zero, uint32_t word) {
    const uint32_t even = tfcaps_add_even_bytes(zero, word);
    const uint32_t odd = tfcaps_add_odd_bytes(zero, word);
    return tfcaps_smlad(odd, odd, tfcaps_smlad(even, even, sum));
}

/* sum + a0 b1 - a1 b0; wraps. */
static inline uint32_t tfcaps_smlsdx(uint32_t a, uint32_t b, uint32_t sum) {
    __asm__("smlsdx %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));
    return sum;
}

/* sum + all four bytes, each with its sign; wraps. */
static inline uint32_t tfcaps_add_4_bytes(uint32_t sum, uint32_t word) {
    __asm__("usada8 %0, %1, %2, %0" : "+r"(sum) : "r"(word ^ 0x80808080u), "r"(0));
    return sum - 4 * 128;
}

/* Both halves of a and those of b; wraps. */
static inline uint32_t tfcaps_add_halves(uint32_t a, uint32_t b) {
    uint32_t halves;
    __asm__("sadd16 %0, %1, %2" : "=r"(halves) : "r"(a), "r"(b));
    return halves;
}

/* Both halves of a less those of b; wraps. */
static inline uint32_t tfcaps_subtract_halves(uint32_t a, uint32_t b) {
    uint32_t halves;
    __asm__("ssub16 %0, %1, %2" : "=r"(halves) : "r"(a), "r"(b));
    return halves;
}

/* a in both halves. */
static inline uint32_t tfcaps_both_halves(int32_t a) {
    return ((uint32_t)a & 0xFFFFu) | ((uint32_t)a << 16);
}

/* 2 a, saturated. */
static inline int32_t tfcaps_twice(int32_t a) {
    int32_t sum;
    __asm__("qadd %0, %1, %1" : "=r"(sum) : "r"(a));
    return sum;
}

/* a as int8, saturated. */
static inline int32_t tfcaps_saturate_8(int32_t a) {
    int32_t limited;
    __asm__("ssat %0, #8, %1" : "=r"(limited) : "r"(a));
    return limited;
}

/* sum + the high half of a b, halves up. */
static inline int32_t tfcaps_smmlar(int32_t a, int32_t b, int32_t sum) {
    int32_t high;
    __asm__("smmlar %0, %1, %2, %3" : "=r"(high) : "r"(a), "r"(b), "r"(sum));
    return high;
}

#endif

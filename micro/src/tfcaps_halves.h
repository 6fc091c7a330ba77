/* Two halfwords in a word: the instructions of tfcaps_dsp.h, and the same in C for any processor. Private. */
#ifndef TFCAPS_HALVES_H
#define TFCAPS_HALVES_H

#include "tfcaps_variant.h"

#if defined(TFCAPS_DSP)
#include "tfcaps_dsp.h"
#else
#include <stdint.h>

/* Bytes 0 and 2 as two halfwords with sign. */
static inline uint32_t tfcaps_even_bytes(uint32_t word) {
    return (uint32_t)(uint16_t)(int8_t)(uint8_t)word |
           ((uint32_t)(int32_t)(int8_t)(uint8_t)(word >> 16) << 16);
}

/* sum + a0 b0 + a1 b1; wraps. */
static inline uint32_t tfcaps_smlad(uint32_t a, uint32_t b, uint32_t sum) {
    const int32_t low = (int16_t)(uint16_t)a * (int16_t)(uint16_t)b;
    const int32_t high = (int16_t)(uint16_t)(a >> 16) * (int16_t)(uint16_t)(b >> 16);
    return sum + (uint32_t)low + (uint32_t)high;
}

/* sum + a0 b1 - a1 b0; wraps. */
static inline uint32_t tfcaps_smlsdx(uint32_t a, uint32_t b, uint32_t sum) {
    const int32_t plus = (int16_t)(uint16_t)a * (int16_t)(uint16_t)(b >> 16);
    const int32_t minus = (int16_t)(uint16_t)(a >> 16) * (int16_t)(uint16_t)b;
    return sum + (uint32_t)plus - (uint32_t)minus;
}
#endif

#endif

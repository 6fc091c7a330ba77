#include "tfcaps_squash.h"

#if defined(TFCAPS_DSP)

#include <string.h>

#include "tfcaps_dsp.h"

/* Four elements at a time, in two words of halfwords. */

/* Both elements times gain, eight fraction bits behind the result's: twice (d * gain >> 16) + 64, saturated.
 */
static inline uint32_t scale(uint32_t halves, int32_t gain) {
    int32_t low;
    int32_t high;
    uint32_t both;
    __asm__("smlawb %0, %1, %2, %3" : "=r"(low) : "r"(gain), "r"(halves), "r"(64));
    __asm__("smlawt %0, %1, %2, %3" : "=r"(high) : "r"(gain), "r"(halves), "r"(64));
    __asm__("pkhbt %0, %1, %2, lsl #16\n\tqadd16 %0, %0, %0" : "=r"(both) : "r"(low), "r"(high));
    return both;
}

static inline uint32_t squash_word(uint32_t zero, uint32_t word, int32_t gain) {
    const uint32_t even = scale(tfcaps_add_even_bytes(zero, word), gain);
    const uint32_t odd = scale(tfcaps_add_odd_bytes(zero, word), gain);
    uint32_t bytes;
    __asm__("uxtb16 %0, %1, ror #8" : "=r"(bytes) : "r"(even));
    return bytes | (odd & 0xFF00FF00u);
}

/* The gain with 23 fraction bits more than the output has: F < 2^18 for shift = 11, and in proportion.
 * Without a length there is nothing to scale, so that any gain will do. */
static inline int32_t gain_of(uint32_t n2, uint32_t inverse_square_scale, tfcaps_squash_bits bits) {
    const uint32_t gain = (tfcaps_isqrt_positive(n2 << bits.f) << 16) / (inverse_square_scale + (n2 << 4));
    return (int32_t)(gain << (23 - bits.shift));
}

void tfcaps_squash_capsules(const tfcaps_squash_params *params, const tfcaps_capsules_dims *dims,
                            const int8_t *input, int8_t *output) {
    const int32_t dimension = dims->dimension;
    const uint32_t zero = tfcaps_both_halves(-params->input_zero_point);
    const uint32_t inverse = params->inverse_square_scale;
    const tfcaps_squash_bits bits = tfcaps_squash_bits_of(dimension);
    const int8_t *end = input + dims->capsules * dimension;
    if (dimension % 4 != 0) {
        for (; input != end; input += dimension) {
            tfcaps_squash_capsule(params, dimension, input, output);
            output += dimension;
        }
    } else if (dimension == 4) {
        const tfcaps_squash_bits bits_of_4 = tfcaps_squash_bits_of(4);
        for (; input != end; input += 4) {
            const uint32_t word = tfcaps_load_4(input);
            const uint32_t n2 = tfcaps_add_squares(0, zero, word);
            const uint32_t squashed = squash_word(zero, word, gain_of(n2, inverse, bits_of_4));
            memcpy(output, &squashed, 4);
            output += 4;
        }
    } else {
        while (input != end) {
            uint32_t n2 = 0;
            for (int32_t k = 0; k < dimension; k += 4) {
                n2 = tfcaps_add_squares(n2, zero, tfcaps_load_4(input + k));
            }
            const int32_t gain = gain_of(n2, inverse, bits);
            for (int32_t k = 0; k < dimension; k += 4) {
                const uint32_t squashed = squash_word(zero, tfcaps_load_4(input), gain);
                memcpy(output, &squashed, 4);
                input += 4;
                output += 4;
            }
        }
    }
}

#endif

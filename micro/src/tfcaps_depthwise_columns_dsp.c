#include "tfcaps_depthwise_paired.h"

#if defined(TFCAPS_DSP)
#include "tfcaps_dsp.h"

/* A word of each plane, of four channels at two columns; minus is the zero point's negative in both halves.
 */
static inline void take_apart(uint32_t minus, uint32_t column0, uint32_t column1, int32_t plane,
                              uint32_t *words) {
    const uint32_t low = tfcaps_halves((int32_t)column0, (int32_t)column1);
    const uint32_t high = tfcaps_high_halves(column0, column1);
    words[0] = tfcaps_add_even_bytes(minus, low);
    words[plane] = tfcaps_add_odd_bytes(minus, low);
    words[2 * plane] = tfcaps_add_even_bytes(minus, high);
    words[3 * plane] = tfcaps_add_odd_bytes(minus, high);
}

static inline void make_zeros(uint32_t *words, const uint32_t *end, int32_t plane) {
    while (words < end) {
        words[0] = 0;
        words[plane] = 0;
        words[2 * plane] = 0;
        words[3 * plane] = 0;
        ++words;
        __asm__("" : "+r"(words)); /* not by four calls of memset */
    }
}

/* Planes whose rows have so many words, a constant. */
static inline void make_planes(const tfcaps_depthwise_cut *cut, int32_t plane, uint32_t *words) {
    const uint32_t minus = tfcaps_both_halves(-cut->zero_point);
    const uint32_t outside = 0x01010101u * (uint8_t)cut->zero_point; /* what lies beside the image */
    const int32_t pixel = cut->pixel;
    const int32_t is_odd = cut->before & 1;
    const int32_t whole = cut->columns - is_odd; /* columns but one that ends the word of one before */
    const int8_t *input = cut->input;
    for (int32_t row = cut->above; row > 0; --row) {
        make_zeros(words, words + cut->count, plane);
        words += TFCAPS_DEPTHWISE_PLANES * plane;
    }
    for (int32_t row = cut->inside; row > 0; --row) {
        const int8_t *x = input;
        uint32_t *to = words + (cut->before >> 1);
        make_zeros(words, to, plane);
        if (is_odd) {
            take_apart(minus, outside, tfcaps_load_4(x), plane, to++);
            x += pixel;
        }
        for (int32_t n = whole; n >= 2; n -= 2) {
            take_apart(minus, tfcaps_load_4(x), tfcaps_load_4(x + pixel), plane, to++);
            x += 2 * pixel;
        }
        if (whole & 1) {
            take_apart(minus, tfcaps_load_4(x), outside, plane, to++);
        }
        make_zeros(to, words + cut->count, plane);
        input += cut->row;
        words += TFCAPS_DEPTHWISE_PLANES * plane;
    }
    for (int32_t row = cut->below; row > 0; --row) {
        make_zeros(words, words + cut->count, plane);
        words += TFCAPS_DEPTHWISE_PLANES * plane;
    }
}

void tfcaps_depthwise_columns(const tfcaps_depthwise_cut *cut, uint32_t *words) {
    if (tfcaps_depthwise_is_large(cut->form)) {
        make_planes(cut, TFCAPS_DEPTHWISE_PLANE_5, words);
    } else {
        make_planes(cut, TFCAPS_DEPTHWISE_PLANE_3, words);
    }
}

/* Eight words at a time, which compilers do not bring about. */
void tfcaps_depthwise_keep(uint32_t *words, int32_t count, int32_t by) {
    const uint32_t *from = words + by;
    const uint32_t *end = from + count;
    uint32_t *to = words;
    __asm__ volatile("1:\n"
                     "    ldm %0!, {r2-r6, r8, r9, r12}\n"
                     "    stm %1!, {r2-r6, r8, r9, r12}\n"
                     "    cmp %0, %2\n"
                     "    bne 1b\n"
                     : "+r"(from), "+r"(to)
                     : "r"(end)
                     : "r2", "r3", "r4", "r5", "r6", "r8", "r9", "r12", "cc", "memory");
}

#endif

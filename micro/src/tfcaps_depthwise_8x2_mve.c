#include "tfcaps_depthwise.h"

#if defined(TFCAPS_MVE)

#include <arm_mve.h>

/* The sums of eight channels at one column: of the even ones and of the odd ones, so that products of 16 bits
 * become 32. */
typedef struct sums_of_8 {
    uint32x4_t even;
    uint32x4_t odd;
} sums_of_8;

#define COLUMN(x, even, odd)                                                                                 \
    "vldrb.s16 q1, [%[" x "]]\n"                                                                             \
    "vsub.i16 q1, q1, %[zero]\n"                                                                             \
    "vmullb.s16 q2, q1, q0\n"                                                                                \
    "vmullt.s16 q1, q1, q0\n"                                                                                \
    "vadd.i32 %q[" even "], %q[" even "], q2\n"                                                              \
    "vadd.i32 %q[" odd "], %q[" odd "], q1\n"                                                                \
    "add %[" x "], %[step]\n"

/* All taps at two columns, 17 instructions each. In assembly because GCC 12 keeps pointers twice and needs
 * half as many again for a row of three. Widening loads take low registers only. */
static inline void add_taps(const tfcaps_depthwise_taps *taps, const int32_t row[3], const int8_t *x0,
                            const int8_t *x1, const int8_t *w, int32_t zero_point, sums_of_8 *at0,
                            sums_of_8 *at1) {
    int32_t rows = taps->rows;
    __asm__ volatile(/* clang-format off */
        "1:\n"
        "ldr lr, [%[row]]\n"
        "dls lr, lr\n"
        "2:\n"
        "vldrb.s16 q0, [%[w]]\n"
        COLUMN("x0", "even0", "odd0")
        COLUMN("x1", "even1", "odd1")
        "add %[w], %[kernel_step]\n"
        "le lr, 2b\n"
        "ldr lr, [%[row], #4]\n"
        "subs %[rows], #1\n"
        "add %[x0], lr\n"
        "add %[x1], lr\n"
        "ldr lr, [%[row], #8]\n"
        "add %[w], lr\n"
        "bne 1b\n"
        : [x0] "+l"(x0), [x1] "+l"(x1), [w] "+l"(w), [rows] "+r"(rows), [even0] "+w"(at0->even),
          [odd0] "+w"(at0->odd), [even1] "+w"(at1->even), [odd1] "+w"(at1->odd)
        : [row] "r"(row), [step] "r"(taps->input_step), [kernel_step] "r"(taps->kernel_step),
          [zero] "r"(zero_point)
        : "lr", "q0", "q1", "q2", "cc", "memory"
    ); /* clang-format on */
}

void tfcaps_depthwise_8x2(const tfcaps_depthwise_taps *taps, const int8_t *input, int32_t zero_point,
                          int32_t stride, int32_t columns, const int8_t *kernel, const uint32_t bias[8],
                          uint32_t *sums) {
    /* Taps, and from behind the last one of a row to the next row. */
    const int32_t row[] = {taps->columns, taps->input_row - taps->columns * taps->input_step,
                           taps->kernel_row - taps->columns * taps->kernel_step};
    const int has_taps = taps->rows > 0 && taps->columns > 0;
    const uint32x4_t even = vidupq_n_u32(0, 2);
    const sums_of_8 start = {vldrwq_gather_shifted_offset_u32(bias, even),
                             vldrwq_gather_shifted_offset_u32(bias + 1, even)};
    for (; columns > 0; columns -= 2) {
        sums_of_8 at0 = start;
        sums_of_8 at1 = start;
        if (has_taps) {
            add_taps(taps, row, input, input + stride, kernel, zero_point, &at0, &at1);
        }
        vstrwq_scatter_shifted_offset_u32(sums, even, at0.even);
        vstrwq_scatter_shifted_offset_u32(sums + 1, even, at0.odd);
        vstrwq_scatter_shifted_offset_u32(sums + 8, even, at1.even);
        vstrwq_scatter_shifted_offset_u32(sums + 9, even, at1.odd);
        sums += 16;
        input += 2 * stride;
    }
}

#endif

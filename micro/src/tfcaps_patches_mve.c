#include "tfcaps_patches.h"

#if defined(TFCAPS_MVE)

#include <arm_mve.h>

enum {
    UNIT = TFCAPS_PATCH_UNIT,
    STEP = TFCAPS_PATCH_UNIT * TFCAPS_PATCH_COLUMNS /* between two vectors of a column */
};

void tfcaps_patch_copy(int8_t *column, int32_t position, const int8_t *source, int32_t size) {
    int32_t lane = position % UNIT;
    int8_t *vector = column + position / UNIT * STEP;
    if (lane > 0) {
        const int32_t count = size < UNIT - lane ? size : UNIT - lane;
        const mve_pred16_t lanes = vctp8q((uint32_t)count);
        vstrbq_p_s8(vector + lane, vldrbq_z_s8(source, lanes), lanes);
        source += count;
        size -= count;
        vector += STEP;
    }
    for (; size >= UNIT; size -= UNIT) {
        vst1q_s8(vector, vld1q_s8(source));
        source += UNIT;
        vector += STEP;
    }
    if (size > 0) {
        const mve_pred16_t lanes = vctp8q((uint32_t)size);
        vstrbq_p_s8(vector, vldrbq_z_s8(source, lanes), lanes);
    }
}

void tfcaps_patch_fill(int8_t *column, int32_t position, int32_t value, int32_t size) {
    const int8x16_t values = vdupq_n_s8((int8_t)value);
    int32_t lane = position % UNIT;
    int8_t *vector = column + position / UNIT * STEP;
    while (size > 0) {
        const int32_t count = size < UNIT - lane ? size : UNIT - lane;
        vstrbq_p_s8(vector + lane, values, vctp8q((uint32_t)count));
        size -= count;
        vector += STEP;
        lane = 0;
    }
}

void tfcaps_patch_gather(int8_t *column, const int8_t *source, const uint16_t *offsets, int32_t size) {
    for (; size > 0; size -= UNIT) {
        const uint16x8_t from = vld1q_u16(offsets);
        const uint16x8_t from8 = vld1q_u16(offsets + 8);
        vstrbq_s16(column, vldrbq_gather_offset_s16(source, from));
        vstrbq_s16(column + 8, vldrbq_gather_offset_s16(source, from8));
        offsets += UNIT;
        column += STEP;
    }
}

void tfcaps_patch_start(const uint32_t *start, int32_t filters, uint32_t *sums) {
    for (; filters > 0; filters -= 4) {
        const uint32x4_t values = vld1q_u32(start);
        vst1q_u32(sums, values);
        vst1q_u32(sums + TFCAPS_PATCH_FILTERS, values);
        vst1q_u32(sums + 2 * TFCAPS_PATCH_FILTERS, values);
        vst1q_u32(sums + 3 * TFCAPS_PATCH_FILTERS, values);
        start += 4;
        sums += 4;
    }
}

uint32_t tfcaps_byte_sum(const int8_t *bytes, int32_t size) {
    int32_t sum = 0;
    for (; size >= 16; size -= 16) {
        sum = vaddvaq_s8(sum, vld1q_s8(bytes));
        bytes += 16;
    }
    return (uint32_t)vaddvaq_s8(sum, vldrbq_z_s8(bytes, vctp8q((uint32_t)size)));
}

/* Sixteen taps of two filters at four columns: 128 products in 14 instructions. */
#define LOAD                                                                                                 \
    "vldrb.8 q4, [%[w0]], #16\n"                                                                             \
    "vldrb.8 q5, [%[w1]], #16\n"
#define MULTIPLY                                                                                             \
    "vldrb.8 q0, [%[x]], #16\n"                                                                              \
    "vmladava.s8 r0, q0, q4\n"                                                                               \
    "vmladava.s8 r8, q0, q5\n"                                                                               \
    "vldrb.8 q1, [%[x]], #16\n"                                                                              \
    "vmladava.s8 r2, q1, q4\n"                                                                               \
    "vmladava.s8 r10, q1, q5\n"                                                                              \
    "vldrb.8 q2, [%[x]], #16\n"                                                                              \
    "vmladava.s8 r4, q2, q4\n"                                                                               \
    "vmladava.s8 r12, q2, q5\n"                                                                              \
    "vldrb.8 q3, [%[x]], #16\n"                                                                              \
    "vmladava.s8 r6, q3, q4\n"                                                                               \
    "vmladava.s8 lr, q3, q5\n"
#define FILTERS "256" /* bytes between two columns of sums */
typedef char sums_lie_so_far_apart[TFCAPS_PATCH_FILTERS * 4 == 256 ? 1 : -1];

#if defined(__OPTIMIZE__)
/* Two filters; last is the second of them, and moves on to its last bytes that are no whole vector. In
 * assembly because the accumulators take every even register: GCC then keeps pointers and sums on the stack,
 * and has 25 instructions where these are 14. */
static inline void two_filters(const int8_t *patch, int32_t size, const int8_t *kernel, const int8_t **last,
                               uint32_t *sums) {
    /* Down from the upper half, four vectors at a time; then one at a time; the lower byte is what is left.
     */
    int32_t todo = size / 64 << 16 | (size / 16 & 3) << 8 | (size & 15);
    __asm__ volatile(/* clang-format off */
        "ldrd r0, r8, [%[sums]]\n"
        "ldrd r2, r10, [%[sums], #" FILTERS "]\n"
        "ldrd r4, r12, [%[sums], #2*" FILTERS "]\n"
        "ldrd r6, lr, [%[sums], #3*" FILTERS "]\n"
        "subs %[todo], #1 << 16\n"
        "blt 2f\n"
        "1:\n"
        LOAD MULTIPLY LOAD MULTIPLY LOAD MULTIPLY LOAD MULTIPLY
        "subs %[todo], #1 << 16\n"
        "bge 1b\n"
        "2:\n"
        "uxth %[todo], %[todo]\n"
        "subs %[todo], #1 << 8\n"
        "blt 4f\n"
        "3:\n"
        LOAD MULTIPLY
        "subs %[todo], #1 << 8\n"
        "bge 3b\n"
        "4:\n"
        "ands %[todo], #255\n"
        "beq 5f\n"
        "vctp.8 %[todo]\n" /* the patch has 16 bytes there, the filter may be the last one of its tensor */
        "vpstt\n"
        "vldrbt.8 q4, [%[w0]]\n"
        "vldrbt.8 q5, [%[w1]]\n"
        MULTIPLY
        "5:\n"
        "strd r0, r8, [%[sums]]\n"
        "strd r2, r10, [%[sums], #" FILTERS "]\n"
        "strd r4, r12, [%[sums], #2*" FILTERS "]\n"
        "strd r6, lr, [%[sums], #3*" FILTERS "]\n"
        : [x] "+r"(patch), [w0] "+r"(kernel), [w1] "+r"(*last), [todo] "+r"(todo)
        : [sums] "r"(sums)
        : "r0", "r2", "r4", "r6", "r8", "r10", "r12", "lr", "q0", "q1", "q2", "q3", "q4", "q5", "memory", "cc"
    ); /* clang-format on */
}
#else
/* The same where nothing is optimised, since registers are then taken for other things. */
static void two_filters(const int8_t *patch, int32_t size, const int8_t *kernel, const int8_t **last,
                        uint32_t *sums) {
    for (int32_t left = size; left > 0; left -= UNIT) {
        const mve_pred16_t lanes = vctp8q((uint32_t)left);
        const int8x16_t weights[2] = {vldrbq_z_s8(kernel, lanes), vldrbq_z_s8(*last, lanes)};
        for (int32_t n = 0; n < 2 * TFCAPS_PATCH_COLUMNS; ++n) {
            uint32_t *sum = sums + n / 2 * TFCAPS_PATCH_FILTERS + n % 2;
            *sum = (uint32_t)vmladavaq_s8((int32_t)*sum, vld1q_s8(patch + n / 2 * UNIT), weights[n % 2]);
        }
        patch += STEP;
        if (left >= UNIT) {
            kernel += UNIT;
            *last += UNIT;
        }
    }
}
#endif

void tfcaps_patch_dots(const int8_t *patch, int32_t size, const int8_t *kernel, int32_t kernel_stride,
                       int32_t filters, uint32_t *sums) {
    const int32_t gap = kernel_stride - (size & ~(UNIT - 1)); /* to the next filter */
    const uint32_t *end = sums + (filters & ~1);
    while (sums != end) {
        const int8_t *last = kernel + kernel_stride;
        two_filters(patch, size, kernel, &last, sums);
        kernel = last + gap;
        sums += 2;
    }
    if (filters & 1) {
        const int8_t *last = kernel;
        two_filters(patch, size, kernel, &last, sums);
    }
}

#endif

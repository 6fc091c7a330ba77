#include "tfcaps_elementwise.h"

#if defined(TFCAPS_MVE)

#include <arm_mve.h>

/* TensorFlow Lite's multiplier and shift, of all lanes. */
typedef struct scale {
    int32_t multiplier;
    int32x4_t left;
    int32x4_t right; /* negative */
} scale;

static scale scale_of(int32_t multiplier, int32_t shift) {
    const scale found = {multiplier, vdupq_n_s32(shift > 0 ? shift : 0), vdupq_n_s32(shift < 0 ? shift : 0)};
    return found;
}

/* tfcaps_multiply: what is taken from negative numbers, if they are shifted at all, makes halves go away from
 * zero. */
static inline int32x4_t multiply(int32x4_t x, const scale *by) {
    x = vqrdmulhq_n_s32(vshlq_s32(x, by->left), by->multiplier);
    x = vaddq_s32(x, vshrq_n_s32(vandq_s32(x, by->right), 31));
    return vrshlq_s32(x, by->right);
}

/* A row of one input without its zero point. */
typedef struct source {
    const int8_t *next;
    int32_t step;
    uint32x4_t lanes;
    int32_t zero_point;
} source;

static source source_of(const int8_t *input, int32_t step, int32_t zero_point) {
    const source found = {input, 4 * step, vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)step), zero_point};
    return found;
}

/* Of the next four, the first count. */
static inline int32x4_t next_values(source *from, int32_t count) {
    const int32x4_t values =
        count >= 4 ? vldrbq_gather_offset_s32(from->next, from->lanes)
                   : vldrbq_gather_offset_z_s32(from->next, from->lanes, vctp32q((uint32_t)count));
    from->next += from->step;
    return vsubq_n_s32(values, from->zero_point);
}

static inline void store(int8_t *output, int32x4_t x, int32_t zero_point, int32x4_t least, int32x4_t most,
                         int32_t count) {
    x = vminq_s32(vmaxq_s32(vaddq_n_s32(x, zero_point), least), most);
    if (count >= 4) {
        vstrbq_s32(output, x);
    } else {
        vstrbq_p_s32(output, x, vctp32q((uint32_t)count));
    }
}

static inline void add_row(const tfcaps_add_params *p, int32_t size, source a, source b, int subtracts,
                           int8_t *output) {
    const scale scale1 = scale_of(p->input1_multiplier, p->input1_shift);
    const scale scale2 = scale_of(p->input2_multiplier, p->input2_shift);
    const scale scale3 = scale_of(p->output_multiplier, p->output_shift);
    const int32x4_t least = vdupq_n_s32(p->activation_min);
    const int32x4_t most = vdupq_n_s32(p->activation_max);
#define ADD(count)                                                                                           \
    do {                                                                                                     \
        const int32x4_t term1 = multiply(vshlq_r_s32(next_values(&a, count), p->left_shift), &scale1);       \
        const int32x4_t term2 = multiply(vshlq_r_s32(next_values(&b, count), p->left_shift), &scale2);       \
        const int32x4_t sum = subtracts ? vsubq_s32(term1, term2) : vaddq_s32(term1, term2);                 \
        store(output, multiply(sum, &scale3), p->output_zero_point, least, most, count);                     \
    } while (0)
    for (; size >= 4; size -= 4) {
        ADD(4);
        output += 4;
    }
    if (size > 0) {
        ADD(size);
    }
#undef ADD
}

void tfcaps_add_row(const void *params, int32_t size, const int8_t *input1, int32_t step1,
                    const int8_t *input2, int32_t step2, int8_t *output) {
    const tfcaps_add_params *p = (const tfcaps_add_params *)params;
    add_row(p, size, source_of(input1, step1, p->input1_zero_point),
            source_of(input2, step2, p->input2_zero_point), 0, output);
}

void tfcaps_sub_row(const void *params, int32_t size, const int8_t *input1, int32_t step1,
                    const int8_t *input2, int32_t step2, int8_t *output) {
    const tfcaps_add_params *p = (const tfcaps_add_params *)params;
    add_row(p, size, source_of(input1, step1, p->input1_zero_point),
            source_of(input2, step2, p->input2_zero_point), 1, output);
}

void tfcaps_mul_row(const void *params, int32_t size, const int8_t *input1, int32_t step1,
                    const int8_t *input2, int32_t step2, int8_t *output) {
    const tfcaps_mul_params *p = (const tfcaps_mul_params *)params;
    const scale by = scale_of(p->output_multiplier, p->output_shift);
    source a = source_of(input1, step1, p->input1_zero_point);
    source b = source_of(input2, step2, p->input2_zero_point);
    const int32x4_t least = vdupq_n_s32(p->activation_min);
    const int32x4_t most = vdupq_n_s32(p->activation_max);
    for (; size >= 4; size -= 4) {
        const int32x4_t product = vmulq_s32(next_values(&a, 4), next_values(&b, 4));
        store(output, multiply(product, &by), p->output_zero_point, least, most, 4);
        output += 4;
    }
    if (size > 0) {
        const int32x4_t product = vmulq_s32(next_values(&a, size), next_values(&b, size));
        store(output, multiply(product, &by), p->output_zero_point, least, most, size);
    }
}

#endif

#include "tfcaps_softmax.h"

#if defined(TFCAPS_MVE)

#include <arm_mve.h>

/* Exponentials of so many values, four at most; 0 in lanes behind them. */
static inline int32x4_t exps(const int32_t *exp_table, int32_t largest, const int8_t *input,
                             mve_pred16_t lanes) {
    const int32x4_t behind = vsubq_s32(vdupq_n_s32(largest), vldrbq_z_s32(input, lanes));
    return vldrwq_gather_shifted_offset_z_s32(exp_table, vreinterpretq_u32_s32(behind), lanes);
}

static inline void softmax_row(const int32_t *exp_table, int32_t depth, const int8_t *input, int8_t *output) {
    int8_t largest = INT8_MIN;
    for (int32_t n = 0; n < depth; n += 16) {
        const mve_pred16_t lanes = vctp8q((uint32_t)(depth - n));
        largest = vmaxvq_p_s8(largest, vldrbq_z_s8(input + n, lanes), lanes);
    }
    int32_t sum = 0; /* Q19 */
    for (int32_t n = 0; n < depth; n += 4) {
        const int32x4_t exp = exps(exp_table, largest, input + n, vctp32q((uint32_t)(depth - n)));
        sum = vaddvaq_s32(sum, vrshrq_n_s32(exp, TFCAPS_SOFTMAX_SUM_SHIFT));
    }
    const tfcaps_softmax_share share = tfcaps_softmax_share_of(sum);
    const int32x4_t most = vdupq_n_s32(INT8_MAX - INT8_MIN);
    for (int32_t n = 0; n < depth; n += 4) {
        const mve_pred16_t lanes = vctp32q((uint32_t)(depth - n));
        const int32x4_t part = vqrdmulhq_n_s32(exps(exp_table, largest, input + n, lanes), share.scale);
        const int32x4_t found = vminq_s32(vrshlq_n_s32(part, -share.shift), most);
        vstrbq_p_s32(output + n, vaddq_n_s32(found, INT8_MIN), lanes);
    }
}

void tfcaps_softmax_rows(const int32_t *exp_table, const tfcaps_softmax_dims *dims, const int8_t *input,
                         int8_t *output) {
    tfcaps_softmax_each(softmax_row, exp_table, dims, input, output);
}

#endif

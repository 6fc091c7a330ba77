#include "tfcaps_softmax.h"

#if defined(TFCAPS_RVV)

#include <riscv_vector.h>

/* Exponentials of vl values. */
static inline vint32m4_t exps(const int32_t *exp_table, int32_t largest, const int8_t *input, size_t vl) {
    const vint16m2_t values = __riscv_vsext_vf2_i16m2(__riscv_vle8_v_i8m1(input, vl), vl);
    const vint16m2_t behind = __riscv_vrsub_vx_i16m2(values, (int16_t)largest, vl);
    const vuint16m2_t bytes = __riscv_vsll_vx_u16m2(__riscv_vreinterpret_v_i16m2_u16m2(behind), 2, vl);
    return __riscv_vluxei16_v_i32m4(exp_table, bytes, vl);
}

static inline int32_t largest_of(int32_t depth, const int8_t *input) {
    vint8m1_t largest = __riscv_vmv_s_x_i8m1(INT8_MIN, 1);
    while (depth > 0) {
        const size_t vl = __riscv_vsetvl_e8m8((size_t)depth);
        largest = __riscv_vredmax_vs_i8m8_i8m1(__riscv_vle8_v_i8m8(input, vl), largest, vl);
        input += vl;
        depth -= (int32_t)vl;
    }
    return __riscv_vmv_x_s_i8m1_i8(largest);
}

static inline int32_t sum_of(const int32_t *exp_table, int32_t largest, int32_t depth, const int8_t *input) {
    vint32m1_t sum = __riscv_vmv_s_x_i32m1(0, 1);
    while (depth > 0) {
        const size_t vl = __riscv_vsetvl_e32m4((size_t)depth);
        const vint32m4_t parts = __riscv_vssra_vx_i32m4(exps(exp_table, largest, input, vl),
                                                        TFCAPS_SOFTMAX_SUM_SHIFT, __RISCV_VXRM_RNU, vl);
        sum = __riscv_vredsum_vs_i32m4_i32m1(parts, sum, vl);
        input += vl;
        depth -= (int32_t)vl;
    }
    return __riscv_vmv_x_s_i32m1_i32(sum);
}

static inline void softmax_row(const int32_t *exp_table, int32_t depth, const int8_t *input, int8_t *output) {
    const int32_t largest = largest_of(depth, input);
    const tfcaps_softmax_share share = tfcaps_softmax_share_of(sum_of(exp_table, largest, depth, input));
    while (depth > 0) {
        const size_t vl = __riscv_vsetvl_e32m4((size_t)depth);
        const vint32m4_t part =
            __riscv_vsmul_vx_i32m4(exps(exp_table, largest, input, vl), share.scale, __RISCV_VXRM_RNU, vl);
        const vint32m4_t found = __riscv_vadd_vx_i32m4(
            __riscv_vssra_vx_i32m4(part, (size_t)share.shift, __RISCV_VXRM_RNU, vl), INT8_MIN, vl);
        const vint16m2_t halves = __riscv_vncvt_x_x_w_i16m2(found, vl); /* at most 2^9 - 128 */
        __riscv_vse8_v_i8m1(output, __riscv_vnclip_wx_i8m1(halves, 0, __RISCV_VXRM_RNU, vl), vl);
        input += vl;
        output += vl;
        depth -= (int32_t)vl;
    }
}

void tfcaps_softmax_rows(const int32_t *exp_table, const tfcaps_softmax_dims *dims, const int8_t *input,
                         int8_t *output) {
    tfcaps_softmax_each(softmax_row, exp_table, dims, input, output);
}

#endif

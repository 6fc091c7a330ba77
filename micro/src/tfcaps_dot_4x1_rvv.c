#include "tfcaps_dot_block.h"

#if defined(TFCAPS_RVV)

#include <riscv_vector.h>

static inline vint32m1_t add_products(vint32m1_t sum, vint16m4_t values, const int8_t *kernel, size_t vl) {
    const vint16m4_t weights = __riscv_vsext_vf2_i16m4(__riscv_vle8_v_i8m2(kernel, vl), vl);
    return __riscv_vredsum_vs_i32m8_i32m1(__riscv_vwmul_vv_i32m8(values, weights, vl), sum, vl);
}

void tfcaps_dot_4x1(const tfcaps_dot_rows *bytes, const int8_t *input, int32_t zero_point,
                    const int8_t *kernel, int32_t kernel_stride, uint32_t sums[4]) {
    vint32m1_t sum0 = __riscv_vmv_s_x_i32m1((int32_t)sums[0], 1);
    vint32m1_t sum1 = __riscv_vmv_s_x_i32m1((int32_t)sums[1], 1);
    vint32m1_t sum2 = __riscv_vmv_s_x_i32m1((int32_t)sums[2], 1);
    vint32m1_t sum3 = __riscv_vmv_s_x_i32m1((int32_t)sums[3], 1);
    for (int32_t row = 0; row < bytes->rows; ++row) {
        const int8_t *x = input + row * bytes->input_step;
        const int8_t *w = kernel + row * bytes->kernel_step;
        for (int32_t left = bytes->size; left > 0;) {
            const size_t vl = __riscv_vsetvl_e8m2((size_t)left);
            const vint16m4_t wide = __riscv_vsext_vf2_i16m4(__riscv_vle8_v_i8m2(x, vl), vl);
            const vint16m4_t values = __riscv_vsub_vx_i16m4(wide, (int16_t)zero_point, vl);
            sum0 = add_products(sum0, values, w, vl);
            sum1 = add_products(sum1, values, w + kernel_stride, vl);
            sum2 = add_products(sum2, values, w + 2 * kernel_stride, vl);
            sum3 = add_products(sum3, values, w + 3 * kernel_stride, vl);
            x += vl;
            w += vl;
            left -= (int32_t)vl;
        }
    }
    sums[0] = (uint32_t)__riscv_vmv_x_s_i32m1_i32(sum0);
    sums[1] = (uint32_t)__riscv_vmv_x_s_i32m1_i32(sum1);
    sums[2] = (uint32_t)__riscv_vmv_x_s_i32m1_i32(sum2);
    sums[3] = (uint32_t)__riscv_vmv_x_s_i32m1_i32(sum3);
}

#endif

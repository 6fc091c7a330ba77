#include "tfcaps_depthwise.h"

#if defined(TFCAPS_RVV)

#include <riscv_vector.h>

void tfcaps_depthwise_channels(const tfcaps_depthwise_taps *taps, const int8_t *input, int32_t zero_point,
                               const int8_t *kernel, int32_t channels, uint32_t *sums) {
    while (channels > 0) {
        const size_t vl = __riscv_vsetvl_e16m4((size_t)channels);
        vint32m8_t sum = __riscv_vle32_v_i32m8((const int32_t *)sums, vl);
        for (int32_t y = 0; y < taps->rows; ++y) {
            const int8_t *x = input + y * taps->input_row;
            const int8_t *w = kernel + y * taps->kernel_row;
            for (int32_t n = taps->columns; n > 0; --n) {
                const vint16m4_t wide = __riscv_vsext_vf2_i16m4(__riscv_vle8_v_i8m2(x, vl), vl);
                const vint16m4_t values = __riscv_vsub_vx_i16m4(wide, (int16_t)zero_point, vl);
                const vint16m4_t weights = __riscv_vsext_vf2_i16m4(__riscv_vle8_v_i8m2(w, vl), vl);
                sum = __riscv_vwmacc_vv_i32m8(sum, values, weights, vl);
                x += taps->input_step;
                w += taps->kernel_step;
            }
        }
        __riscv_vse32_v_i32m8((int32_t *)sums, sum, vl);
        input += vl;
        kernel += vl;
        sums += vl;
        channels -= (int32_t)vl;
    }
}

#endif

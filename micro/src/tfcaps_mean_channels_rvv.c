#include "tfcaps_pool_2d.h"

#if defined(TFCAPS_RVV)

#include <riscv_vector.h>

/* tfcaps_divide_sum of all elements. */
static inline vint32m8_t divide_sums(vint32m8_t sums, const tfcaps_pool_taps *taps, size_t vl) {
    const vbool4_t negative = __riscv_vmslt_vx_i32m8_b4(sums, 0, vl);
    vuint32m8_t sizes = __riscv_vreinterpret_v_i32m8_u32m8(__riscv_vneg_v_i32m8_mu(negative, sums, sums, vl));
    sizes = __riscv_vadd_vx_u32m8(sizes, (uint32_t)taps->pixels / 2, vl);
    if (taps->reciprocal == 0) {
        sizes = __riscv_vdivu_vx_u32m8(sizes, (uint32_t)taps->pixels, vl);
    } else {
        sizes = __riscv_vmulhu_vx_u32m8(__riscv_vsll_vx_u32m8(sizes, 1, vl), taps->reciprocal, vl);
    }
    const vint32m8_t quotients = __riscv_vreinterpret_v_u32m8_i32m8(sizes);
    return __riscv_vneg_v_i32m8_mu(negative, quotients, quotients, vl);
}

static void output_window(const tfcaps_pool_taps *taps, const int8_t *input, int8_t *output) {
    for (int32_t left = taps->channels; left > 0;) {
        const size_t vl = __riscv_vsetvl_e32m8((size_t)left);
        vint32m8_t sums = __riscv_vmv_v_x_i32m8(0, vl);
        const int8_t *row = input;
        for (int32_t y = taps->rows; y > 0; --y) {
            const int8_t *x = row;
            for (int32_t n = taps->columns; n > 0; --n) {
                const vint8m2_t values = __riscv_vle8_v_i8m2(x, vl);
                sums = __riscv_vwadd_wv_i32m8(sums, __riscv_vsext_vf2_i16m4(values, vl), vl);
                x += taps->channels;
            }
            row += taps->row;
        }
        vint32m8_t means = __riscv_vmax_vx_i32m8(divide_sums(sums, taps, vl), taps->least, vl);
        means = __riscv_vmin_vx_i32m8(means, taps->most, vl);
        const vint16m4_t halves = __riscv_vncvt_x_x_w_i16m4(means, vl);
        __riscv_vse8_v_i8m2(output, __riscv_vncvt_x_x_w_i8m2(halves, vl), vl);
        input += vl;
        output += vl;
        left -= (int32_t)vl;
    }
}

void tfcaps_mean_channels(const tfcaps_pool_taps *taps, const int8_t *input, int8_t *output) {
    for (int32_t n = taps->windows; n > 0; --n) {
        output_window(taps, input, output);
        input += taps->step;
        output += taps->channels;
    }
}

#endif

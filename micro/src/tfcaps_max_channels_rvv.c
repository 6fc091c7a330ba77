#include "tfcaps_pool_2d.h"

#if defined(TFCAPS_RVV)

#include <riscv_vector.h>

static void output_window(const tfcaps_pool_taps *taps, const int8_t *input, int8_t *output) {
    for (int32_t left = taps->channels; left > 0;) {
        const size_t vl = __riscv_vsetvl_e8m4((size_t)left);
        vint8m4_t largest = __riscv_vmv_v_x_i8m4((int8_t)taps->least, vl);
        const int8_t *row = input;
        for (int32_t y = taps->rows; y > 0; --y) {
            const int8_t *x = row;
            for (int32_t n = taps->columns; n > 0; --n) {
                largest = __riscv_vmax_vv_i8m4(largest, __riscv_vle8_v_i8m4(x, vl), vl);
                x += taps->channels;
            }
            row += taps->row;
        }
        __riscv_vse8_v_i8m4(output, __riscv_vmin_vx_i8m4(largest, (int8_t)taps->most, vl), vl);
        input += vl;
        output += vl;
        left -= (int32_t)vl;
    }
}

void tfcaps_max_channels(const tfcaps_pool_taps *taps, const int8_t *input, int8_t *output) {
    for (int32_t n = taps->windows; n > 0; --n) {
        output_window(taps, input, output);
        input += taps->step;
        output += taps->channels;
    }
}

#endif

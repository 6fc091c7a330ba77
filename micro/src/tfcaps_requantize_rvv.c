#include "tfcaps_patches.h"
#include "tfcaps_requantize.h"
#include "tfcaps_variant.h"

#if defined(TFCAPS_RVV)

#include <riscv_vector.h>

/* VSMUL is the doubling multiplication, VSSRA rounds halves up; what is taken from negative sums first, if
 * they are shifted at all, makes that away from zero. */
static inline vint8m1_t outputs_of(const tfcaps_output_stage *stage, vint32m4_t x, vint32m4_t multiplier,
                                   vint32m4_t shift, size_t vl) {
    const vint32m4_t right = __riscv_vmin_vx_i32m4(shift, 0, vl);
    const vuint32m4_t left = __riscv_vreinterpret_v_i32m4_u32m4(__riscv_vmax_vx_i32m4(shift, 0, vl));
    x = __riscv_vsmul_vv_i32m4(__riscv_vsll_vv_i32m4(x, left, vl), multiplier, __RISCV_VXRM_RNU, vl);
    x = __riscv_vadd_vv_i32m4(x, __riscv_vsra_vx_i32m4(__riscv_vand_vv_i32m4(x, right, vl), 31, vl), vl);
    const vuint32m4_t by = __riscv_vreinterpret_v_i32m4_u32m4(__riscv_vneg_v_i32m4(right, vl));
    x = __riscv_vssra_vv_i32m4(x, by, __RISCV_VXRM_RNU, vl);
    x = __riscv_vadd_vx_i32m4(x, stage->zero_point, vl);
    x = __riscv_vmin_vx_i32m4(__riscv_vmax_vx_i32m4(x, stage->least, vl), stage->most, vl);
    return __riscv_vncvt_x_x_w_i8m1(__riscv_vncvt_x_x_w_i16m2(x, vl), vl);
}

static inline void requantize(const tfcaps_output_stage *stage, int32_t first, int32_t channels,
                              int32_t columns, const int32_t *sums, int32_t pitch, int8_t *output,
                              int32_t step) {
    const int32_t *multiplier = stage->scales->multiplier;
    const int32_t *shift = stage->scales->shift;
    for (int32_t n = 0; n < channels;) {
        const size_t vl = __riscv_vsetvl_e32m4((size_t)(channels - n));
        vint32m4_t multipliers;
        vint32m4_t shifts;
        if (stage->scales->count == 1) {
            multipliers = __riscv_vmv_v_x_i32m4(*multiplier, vl);
            shifts = __riscv_vmv_v_x_i32m4(*shift, vl);
        } else {
            multipliers = __riscv_vle32_v_i32m4(multiplier + first + n, vl);
            shifts = __riscv_vle32_v_i32m4(shift + first + n, vl);
        }
        for (int32_t column = 0; column < columns; ++column) {
            const vint32m4_t sum = __riscv_vle32_v_i32m4(sums + column * pitch + n, vl);
            __riscv_vse8_v_i8m1(output + column * step + n, outputs_of(stage, sum, multipliers, shifts, vl),
                                vl);
        }
        n += (int32_t)vl;
    }
}

void tfcaps_patch_outputs(const tfcaps_output_stage *stage, int32_t first, int32_t filters, int32_t columns,
                          const uint32_t *sums, int8_t *output, int32_t step) {
    requantize(stage, first, filters, columns, (const int32_t *)sums, TFCAPS_PATCH_FILTERS, output, step);
}

void tfcaps_requantize(const tfcaps_output_stage *stage, int32_t first, int32_t channels, int32_t columns,
                       const uint32_t *sums, int8_t *output, int32_t step) {
    requantize(stage, first, channels, columns, (const int32_t *)sums, channels, output, step);
}

#endif

#include "tfcaps_length.h"

#if defined(TFCAPS_RVV)

#include "tfcaps_squares_rvv.h"

enum {
    LEAST_CAPSULES = 3 /* for which vectors take fewer instructions */
};

void tfcaps_length_capsules(const tfcaps_length_params *params, const tfcaps_capsules_dims *dims,
                            const int8_t *input, int8_t *output) {
    const int32_t dimension = dims->dimension;
    const size_t bits = (size_t)tfcaps_length_bits(dimension);
    const tfcaps_length_shifts shifts = tfcaps_length_shifts_of(params->shift);
    if (params->shift < TFCAPS_LENGTH_LEAST_SHIFT || dims->capsules < LEAST_CAPSULES) {
        tfcaps_length_each(params, dims, input, output);
        return;
    }
    for (int32_t left = dims->capsules; left > 0;) {
        const size_t vl = __riscv_vsetvl_e32m4((size_t)left);
        const vuint32m4_t squares = tfcaps_square_sums(input, dimension, params->input_zero_point, vl);
        const vuint32m4_t lengths = tfcaps_square_roots(__riscv_vsll_vx_u32m4(squares, bits, vl), vl);
        const vuint32m4_t wide = __riscv_vsll_vx_u32m4(lengths, (size_t)shifts.before, vl);
        const vint32m4_t product =
            __riscv_vmulh_vx_i32m4(__riscv_vreinterpret_v_u32m4_i32m4(wide), params->multiplier, vl);
        const vint32m4_t scaled = __riscv_vssra_vx_i32m4(product, (size_t)shifts.after, __RISCV_VXRM_RNU, vl);
        const vint32m4_t found = __riscv_vadd_vx_i32m4(scaled, params->output_zero_point, vl);
        const vint16m2_t halves = __riscv_vnclip_wx_i16m2(found, 0, __RISCV_VXRM_RNU, vl);
        __riscv_vse8_v_i8m1(output, __riscv_vnclip_wx_i8m1(halves, 0, __RISCV_VXRM_RNU, vl), vl);
        input += vl * (size_t)dimension;
        output += vl;
        left -= (int32_t)vl;
    }
}

#endif

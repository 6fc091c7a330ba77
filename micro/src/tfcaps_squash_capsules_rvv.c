#include "tfcaps_squash.h"

#if defined(TFCAPS_RVV)

#include "tfcaps_squares_rvv.h"

void tfcaps_squash_capsules(const tfcaps_squash_params *params, const tfcaps_capsules_dims *dims,
                            const int8_t *input, int8_t *output) {
    const int32_t dimension = dims->dimension;
    const int32_t zero_point = params->input_zero_point;
    const tfcaps_squash_bits bits = tfcaps_squash_bits_of(dimension);
    for (int32_t left = dims->capsules; left > 0;) {
        const size_t vl = __riscv_vsetvl_e32m4((size_t)left);
        const vuint32m4_t n2 = tfcaps_square_sums(input, dimension, zero_point, vl);
        const vuint32m4_t roots = tfcaps_square_roots(__riscv_vsll_vx_u32m4(n2, (size_t)bits.f, vl), vl);
        const vuint32m4_t divisors =
            __riscv_vadd_vx_u32m4(__riscv_vsll_vx_u32m4(n2, 4, vl), params->inverse_square_scale, vl);
        const vint32m4_t gain = __riscv_vreinterpret_v_u32m4_i32m4(
            __riscv_vdivu_vv_u32m4(__riscv_vsll_vx_u32m4(roots, 16, vl), divisors, vl));
        for (int32_t k = 0; k < dimension; ++k) {
            const vint32m4_t d = tfcaps_capsule_values(input + k, dimension, zero_point, vl);
            const vint32m4_t v = __riscv_vmul_vv_i32m4(d, gain, vl);
            const vint16m2_t rounded = __riscv_vnclip_wx_i16m2(v, (size_t)bits.shift, __RISCV_VXRM_RNU, vl);
            __riscv_vsse8_v_i8m1(output + k, dimension,
                                 __riscv_vnclip_wx_i8m1(rounded, 0, __RISCV_VXRM_RNU, vl), vl);
        }
        input += vl * (size_t)dimension;
        output += vl * (size_t)dimension;
        left -= (int32_t)vl;
    }
}

#endif

#include "tfcaps_squash.h"

#if defined(TFCAPS_RVV)

#include <riscv_vector.h>

/* Floor of the square root, one result bit a turn. */
static inline vuint32m4_t square_roots(vuint32m4_t x, size_t vl) {
    vuint32m4_t root = __riscv_vmv_v_x_u32m4(0, vl);
    for (uint32_t bit = (uint32_t)1 << 30; bit != 0; bit >>= 2) {
        const vuint32m4_t taken = __riscv_vadd_vx_u32m4(root, bit, vl);
        const vbool8_t enough = __riscv_vmsgeu_vv_u32m4_b8(x, taken, vl);
        root = __riscv_vsrl_vx_u32m4(root, 1, vl);
        x = __riscv_vsub_vv_u32m4_mu(enough, x, x, taken, vl);
        root = __riscv_vadd_vx_u32m4_mu(enough, root, root, bit, vl);
    }
    return root;
}

/* Value k of vl capsules without its zero point. */
static inline vint32m4_t values(const int8_t *input, ptrdiff_t dimension, int32_t zero_point, size_t vl) {
    const vint32m4_t q = __riscv_vsext_vf4_i32m4(__riscv_vlse8_v_i8m1(input, dimension, vl), vl);
    return __riscv_vsub_vx_i32m4(q, zero_point, vl);
}

void tfcaps_squash_capsules(const tfcaps_squash_params *params, const tfcaps_capsules_dims *dims,
                            const int8_t *input, int8_t *output) {
    const int32_t dimension = dims->dimension;
    const int32_t zero_point = params->input_zero_point;
    const tfcaps_squash_bits bits = tfcaps_squash_bits_of(dimension);
    for (int32_t left = dims->capsules; left > 0;) {
        const size_t vl = __riscv_vsetvl_e32m4((size_t)left);
        vint32m4_t squares = __riscv_vmv_v_x_i32m4(0, vl);
        for (int32_t k = 0; k < dimension; ++k) {
            const vint32m4_t d = values(input + k, dimension, zero_point, vl);
            squares = __riscv_vmacc_vv_i32m4(squares, d, d, vl);
        }
        const vuint32m4_t n2 = __riscv_vreinterpret_v_i32m4_u32m4(squares);
        const vuint32m4_t roots = square_roots(__riscv_vsll_vx_u32m4(n2, (size_t)bits.f, vl), vl);
        const vuint32m4_t divisors =
            __riscv_vadd_vx_u32m4(__riscv_vsll_vx_u32m4(n2, 4, vl), params->inverse_square_scale, vl);
        const vint32m4_t gain = __riscv_vreinterpret_v_u32m4_i32m4(
            __riscv_vdivu_vv_u32m4(__riscv_vsll_vx_u32m4(roots, 16, vl), divisors, vl));
        for (int32_t k = 0; k < dimension; ++k) {
            const vint32m4_t d = values(input + k, dimension, zero_point, vl);
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

/* Sums of squares and their roots, of as many capsules as vectors hold: what squash and length share.
 * Private. */
#ifndef TFCAPS_SQUARES_RVV_H
#define TFCAPS_SQUARES_RVV_H

#include <riscv_vector.h>
#include <stddef.h>
#include <stdint.h>

/* Floor of the square root, one result bit a turn. */
static inline vuint32m4_t tfcaps_square_roots(vuint32m4_t x, size_t vl) {
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
static inline vint32m4_t tfcaps_capsule_values(const int8_t *input, ptrdiff_t dimension, int32_t zero_point,
                                               size_t vl) {
    const vint32m4_t q = __riscv_vsext_vf4_i32m4(__riscv_vlse8_v_i8m1(input, dimension, vl), vl);
    return __riscv_vsub_vx_i32m4(q, zero_point, vl);
}

/* The sums of their squares. */
static inline vuint32m4_t tfcaps_square_sums(const int8_t *input, int32_t dimension, int32_t zero_point,
                                             size_t vl) {
    vint32m4_t squares = __riscv_vmv_v_x_i32m4(0, vl);
    for (int32_t k = 0; k < dimension; ++k) {
        const vint32m4_t d = tfcaps_capsule_values(input + k, dimension, zero_point, vl);
        squares = __riscv_vmacc_vv_i32m4(squares, d, d, vl);
    }
    return __riscv_vreinterpret_v_i32m4_u32m4(squares);
}

#endif

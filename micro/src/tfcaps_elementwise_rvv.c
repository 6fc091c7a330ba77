#include "tfcaps_elementwise.h"

#if defined(TFCAPS_RVV)

#include <riscv_vector.h>

/* tfcaps_multiply: what is taken from negative numbers, if they are shifted at all, makes halves go away from
 * zero. */
static inline vint32m4_t multiply(vint32m4_t x, int32_t multiplier, int32_t shift, size_t vl) {
    if (shift > 0) {
        x = __riscv_vsll_vx_i32m4(x, (size_t)shift, vl);
    }
    x = __riscv_vsmul_vx_i32m4(x, multiplier, __RISCV_VXRM_RNU, vl);
    if (shift < 0) {
        x = __riscv_vadd_vv_i32m4(x, __riscv_vsra_vx_i32m4(x, 31, vl), vl);
        x = __riscv_vssra_vx_i32m4(x, (size_t)-shift, __RISCV_VXRM_RNU, vl);
    }
    return x;
}

/* Values of an input without its zero point. */
static inline vint32m4_t load(const int8_t *input, int32_t step, int32_t zero_point, size_t vl) {
    const vint32m4_t values = __riscv_vsext_vf4_i32m4(__riscv_vlse8_v_i8m1(input, step, vl), vl);
    return __riscv_vsub_vx_i32m4(values, zero_point, vl);
}

static inline void store(int8_t *output, vint32m4_t x, int32_t zero_point, int32_t least, int32_t most,
                         size_t vl) {
    x = __riscv_vmax_vx_i32m4(__riscv_vadd_vx_i32m4(x, zero_point, vl), least, vl);
    const vint16m2_t half = __riscv_vncvt_x_x_w_i16m2(__riscv_vmin_vx_i32m4(x, most, vl), vl);
    __riscv_vse8_v_i8m1(output, __riscv_vncvt_x_x_w_i8m1(half, vl), vl);
}

static inline void add_row(const tfcaps_add_params *p, int32_t size, const int8_t *input1, int32_t step1,
                           const int8_t *input2, int32_t step2, int subtracts, int8_t *output) {
    const size_t left_shift = (size_t)p->left_shift;
    while (size > 0) {
        const size_t vl = __riscv_vsetvl_e32m4((size_t)size);
        vint32m4_t a = __riscv_vsll_vx_i32m4(load(input1, step1, p->input1_zero_point, vl), left_shift, vl);
        vint32m4_t b = __riscv_vsll_vx_i32m4(load(input2, step2, p->input2_zero_point, vl), left_shift, vl);
        a = multiply(a, p->input1_multiplier, p->input1_shift, vl);
        b = multiply(b, p->input2_multiplier, p->input2_shift, vl);
        a = subtracts ? __riscv_vsub_vv_i32m4(a, b, vl) : __riscv_vadd_vv_i32m4(a, b, vl);
        store(output, multiply(a, p->output_multiplier, p->output_shift, vl), p->output_zero_point,
              p->activation_min, p->activation_max, vl);
        input1 += step1 * (int32_t)vl;
        input2 += step2 * (int32_t)vl;
        output += vl;
        size -= (int32_t)vl;
    }
}

void tfcaps_add_row(const void *params, int32_t size, const int8_t *input1, int32_t step1,
                    const int8_t *input2, int32_t step2, int8_t *output) {
    add_row((const tfcaps_add_params *)params, size, input1, step1, input2, step2, 0, output);
}

void tfcaps_sub_row(const void *params, int32_t size, const int8_t *input1, int32_t step1,
                    const int8_t *input2, int32_t step2, int8_t *output) {
    add_row((const tfcaps_add_params *)params, size, input1, step1, input2, step2, 1, output);
}

void tfcaps_mul_row(const void *params, int32_t size, const int8_t *input1, int32_t step1,
                    const int8_t *input2, int32_t step2, int8_t *output) {
    const tfcaps_mul_params *p = (const tfcaps_mul_params *)params;
    while (size > 0) {
        const size_t vl = __riscv_vsetvl_e32m4((size_t)size);
        const vint32m4_t a = load(input1, step1, p->input1_zero_point, vl);
        const vint32m4_t b = load(input2, step2, p->input2_zero_point, vl);
        const vint32m4_t x =
            multiply(__riscv_vmul_vv_i32m4(a, b, vl), p->output_multiplier, p->output_shift, vl);
        store(output, x, p->output_zero_point, p->activation_min, p->activation_max, vl);
        input1 += step1 * (int32_t)vl;
        input2 += step2 * (int32_t)vl;
        output += vl;
        size -= (int32_t)vl;
    }
}

#endif

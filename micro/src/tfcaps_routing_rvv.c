#include "tfcaps_noinline.h"
#include "tfcaps_routing.h"

#if defined(TFCAPS_RVV)

#include <riscv_vector.h>

/* One input capsule after the other, as many of its votes at a time as vectors hold. Strided loads of
 * segments put four dimensions of a transformation into vectors of their own, and strided loads add up the
 * products that make a logit. */

/* Where a pass keeps what it knows of an input capsule. */
typedef struct rows {
    int32_t *products; /* [J * D] of votes and V */
    uint32_t *exps;    /* [J] e, then 256 c */
    uint16_t *offsets; /* [J * D] of an output's capsule in exps, in bytes */
    int16_t *votes;    /* [J * D] */
} rows;

static rows split(const tfcaps_routing *r) {
    const int32_t capsules = r->dims->output_capsules;
    const int32_t dimension = r->dims->output_dimension;
    rows found;
    found.products = (int32_t *)r->work;
    found.exps = (uint32_t *)(found.products + r->outputs);
    found.offsets = (uint16_t *)(found.exps + capsules);
    found.votes = (int16_t *)(found.offsets + r->outputs);
    for (int32_t j = 0; j < capsules; ++j) {
        for (int32_t n = j * dimension; n < (j + 1) * dimension; ++n) {
            found.offsets[n] = (uint16_t)(4 * j);
        }
    }
    return found;
}

/* start + kernel n . (u - zero_point) for vl outputs, modulo 2^32; kernel [vl, depth]. */
static inline vint32m8_t add_products(vint32m8_t sum, const int8_t *kernel, const int8_t *u,
                                      int32_t zero_point, int32_t depth, size_t vl) {
#define ADD(weights, value)                                                                                  \
    __riscv_vwmacc_vx_i32m8(sum, (int16_t)((value)-zero_point), __riscv_vsext_vf2_i16m4(weights, vl), vl)
    int32_t k = 0;
    for (; k + 4 <= depth; k += 4) {
        const vint8m2x4_t weights = __riscv_vlsseg4e8_v_i8m2x4(kernel + k, depth, vl);
        sum = ADD(__riscv_vget_v_i8m2x4_i8m2(weights, 0), u[k]);
        sum = ADD(__riscv_vget_v_i8m2x4_i8m2(weights, 1), u[k + 1]);
        sum = ADD(__riscv_vget_v_i8m2x4_i8m2(weights, 2), u[k + 2]);
        sum = ADD(__riscv_vget_v_i8m2x4_i8m2(weights, 3), u[k + 3]);
    }
    for (; k < depth; ++k) {
        sum = ADD(__riscv_vlse8_v_i8m2(kernel + k, depth, vl), u[k]);
    }
#undef ADD
    return sum;
}

/* The same modulo 2^16, from no start and without a zero point: enough where nothing is shifted off. */
static inline vint16m4_t narrow_products(const int8_t *kernel, const int8_t *u, int32_t depth, size_t vl) {
    vint16m4_t sum = __riscv_vmv_v_x_i16m4(0, vl);
    int32_t k = 0;
    for (; k + 4 <= depth; k += 4) {
        const vint8m2x4_t weights = __riscv_vlsseg4e8_v_i8m2x4(kernel + k, depth, vl);
        sum = __riscv_vwmacc_vx_i16m4(sum, u[k], __riscv_vget_v_i8m2x4_i8m2(weights, 0), vl);
        sum = __riscv_vwmacc_vx_i16m4(sum, u[k + 1], __riscv_vget_v_i8m2x4_i8m2(weights, 1), vl);
        sum = __riscv_vwmacc_vx_i16m4(sum, u[k + 2], __riscv_vget_v_i8m2x4_i8m2(weights, 2), vl);
        sum = __riscv_vwmacc_vx_i16m4(sum, u[k + 3], __riscv_vget_v_i8m2x4_i8m2(weights, 3), vl);
    }
    for (; k < depth; ++k) {
        sum = __riscv_vwmacc_vx_i16m4(sum, u[k], __riscv_vlse8_v_i8m2(kernel + k, depth, vl), vl);
    }
    return sum;
}

/* vl votes of an input capsule, before they become 16 bits. */
static inline vint32m8_t votes_of(const tfcaps_routing *r, const int8_t *kernel, const int8_t *u, size_t vl) {
    const vint32m8_t sum = add_products(__riscv_vmv_v_x_i32m8(0, vl), kernel, u, r->params->input_zero_point,
                                        r->dims->input_dimension, vl);
    return __riscv_vssra_vx_i32m8(sum, (size_t)r->params->vote_shift, __RISCV_VXRM_RNU, vl);
}

void tfcaps_routing_add_votes(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    const int32_t depth = r->dims->input_dimension;
    const int32_t inputs = r->dims->input_capsules;
    const int32_t step = r->outputs * depth;
    const int plain = r->params->vote_shift == 0 && r->kept_votes == NULL;
    for (int32_t n = 0; n < r->outputs;) {
        const size_t vl = __riscv_vsetvl_e32m8((size_t)(r->outputs - n));
        const int8_t *w = kernel + n * depth;
        const int8_t *x = u;
        int16_t *kept = r->kept_votes == NULL ? NULL : r->kept_votes + n;
        int32_t *sums = (int32_t *)r->sums + n;
        vint32m8_t sum = __riscv_vle32_v_i32m8(sums, vl);
        for (int32_t i = 0; i < inputs; ++i) {
            if (plain) {
                sum = add_products(sum, w, x, r->params->input_zero_point, depth, vl);
            } else {
                const vint32m8_t votes = votes_of(r, w, x, vl);
                sum = __riscv_vadd_vv_i32m8(sum, votes, vl);
                if (kept != NULL) {
                    __riscv_vse16_v_i16m4(kept, __riscv_vncvt_x_x_w_i16m4(votes, vl), vl);
                    kept += r->outputs;
                }
            }
            w += step;
            x += depth;
        }
        __riscv_vse32_v_i32m8(sums, sum, vl);
        n += (int32_t)vl;
    }
}

/* Products of votes and V; makes the votes unless they are kept. */
static inline void multiply_votes(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel, int narrow,
                                  int16_t *votes, int32_t *products) {
    const int32_t depth = r->dims->input_dimension;
    for (int32_t n = 0; n < r->outputs;) {
        const size_t vl = __riscv_vsetvl_e16m4((size_t)(r->outputs - n));
        vint16m4_t h;
        if (r->kept_votes != NULL) {
            h = __riscv_vle16_v_i16m4(votes + n, vl);
        } else {
            h = narrow ? narrow_products(kernel + n * depth, u, depth, vl)
                       : __riscv_vncvt_x_x_w_i16m4(votes_of(r, kernel + n * depth, u, vl), vl);
            __riscv_vse16_v_i16m4(votes + n, h, vl);
        }
        const vint16m4_t v = __riscv_vle16_v_i16m4(r->scaled + n, vl);
        __riscv_vse32_v_i32m8(products + n, __riscv_vwmul_vv_i32m8(h, v, vl), vl);
        n += (int32_t)vl;
    }
}

/* The sum of e from logits which the table does not reach from zero. */
static TFCAPS_NOINLINE uint32_t find_far_exps(const tfcaps_routing *r, const rows *row) {
    const int32_t *product = row->products;
    for (int32_t j = 0; j < r->dims->output_capsules; ++j) {
        uint32_t logit = 0;
        for (int32_t d = 0; d < r->dims->output_dimension; ++d) {
            logit += (uint32_t)*product++;
        }
        row->exps[j] = logit;
    }
    return tfcaps_routing_far_exps(r, row->exps, 1);
}

/* e from products; returns its sum. */
static inline uint32_t find_exps(const tfcaps_routing *r, const rows *row) {
    const int32_t capsules = r->dims->output_capsules;
    const int32_t dimension = r->dims->output_dimension;
    const ptrdiff_t stride = 4 * (ptrdiff_t)dimension;
    const uint32_t none = r->params->leaky ? tfcaps_exp_table[TFCAPS_EXP_CENTRE] : 0;
    vuint32m1_t sum = __riscv_vmv_s_x_u32m1(none, 1);
    vuint32m1_t most = __riscv_vmv_s_x_u32m1(0, 1);
    for (int32_t j = 0; j < capsules;) {
        const size_t vl = __riscv_vsetvl_e32m4((size_t)(capsules - j));
        const int32_t *product = row->products + j * dimension;
        vint32m4_t logits = __riscv_vlse32_v_i32m4(product, stride, vl);
        for (int32_t d = dimension - 1; d > 0; --d) {
            ++product;
            logits = __riscv_vadd_vv_i32m4(logits, __riscv_vlse32_v_i32m4(product, stride, vl), vl);
        }
        const vint32m4_t steps = __riscv_vsra_vx_i32m4(logits, (size_t)r->exp_shift, vl);
        const vuint32m4_t index =
            __riscv_vreinterpret_v_i32m4_u32m4(__riscv_vadd_vx_i32m4(steps, TFCAPS_EXP_CENTRE, vl));
        most = __riscv_vredmaxu_vs_u32m4_u32m1(index, most, vl);
        const vuint32m4_t entry = __riscv_vand_vx_u32m4(index, TFCAPS_EXP_ENTRIES - 1, vl);
        const vuint32m4_t bytes = __riscv_vsll_vx_u32m4(entry, 1, vl);
        const vuint16m2_t exps = __riscv_vluxei32_v_u16m2(tfcaps_exp_table, bytes, vl);
        const vuint32m4_t wide = __riscv_vzext_vf2_u32m4(exps, vl);
        sum = __riscv_vredsum_vs_u32m4_u32m1(wide, sum, vl);
        __riscv_vse32_v_u32m4(row->exps + j, wide, vl);
        j += (int32_t)vl;
    }
    if (tfcaps_is_far(__riscv_vmv_x_s_u32m1_u32(most))) {
        return find_far_exps(r, row);
    }
    return __riscv_vmv_x_s_u32m1_u32(sum);
}

/* 256 c from e, in place. */
static inline void find_couplings(const tfcaps_routing *r, uint32_t exp_sum, uint32_t *exps) {
    const int32_t capsules = r->dims->output_capsules;
    tfcaps_coupling_scale scale = tfcaps_couple(exp_sum, r->narrow);
    if (r->carries) {
        tfcaps_routing_carry(r, exp_sum, exps, 1);
        scale.reciprocal = 1;
        scale.shift = 0;
    }
    for (int32_t j = 0; j < capsules;) {
        const size_t vl = __riscv_vsetvl_e32m4((size_t)(capsules - j));
        vuint32m4_t c = __riscv_vmul_vx_u32m4(__riscv_vle32_v_u32m4(exps + j, vl), scale.reciprocal, vl);
        c = __riscv_vsll_vx_u32m4(__riscv_vsrl_vx_u32m4(c, (size_t)scale.shift, vl), 8, vl);
        __riscv_vse32_v_u32m4(exps + j, c, vl);
        j += (int32_t)vl;
    }
}

/* Adds (c * h) >> 16 of an input capsule to the sums. */
static inline void add_weighted(const tfcaps_routing *r, const rows *row, const int16_t *votes) {
    const int32_t *couplings = (const int32_t *)(const void *)row->exps;
    for (int32_t n = 0; n < r->outputs;) {
        const size_t vl = __riscv_vsetvl_e32m8((size_t)(r->outputs - n));
        int32_t *sums = (int32_t *)r->sums + n;
        const vuint16m4_t offsets = __riscv_vle16_v_u16m4(row->offsets + n, vl);
        const vint32m8_t c = __riscv_vluxei16_v_i32m8(couplings, offsets, vl);
        const vint32m8_t h = __riscv_vwmul_vx_i32m8(__riscv_vle16_v_i16m4(votes + n, vl), 256, vl);
        const vint32m8_t terms = __riscv_vmulh_vv_i32m8(c, h, vl);
        __riscv_vse32_v_i32m8(sums, __riscv_vadd_vv_i32m8(__riscv_vle32_v_i32m8(sums, vl), terms, vl), vl);
        n += (int32_t)vl;
    }
}

void tfcaps_routing_add_coupled(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    const rows row = split(r);
    const int32_t depth = r->dims->input_dimension;
    const int narrow = r->params->vote_shift == 0 && r->params->input_zero_point == 0;
    int16_t *votes = r->kept_votes == NULL ? row.votes : r->kept_votes;
    for (int32_t i = 0; i < r->dims->input_capsules; ++i) {
        multiply_votes(r, u, kernel, narrow, votes, row.products);
        find_couplings(r, find_exps(r, &row), row.exps);
        add_weighted(r, &row, votes);
        u += depth;
        kernel += r->outputs * depth;
        if (r->kept_votes != NULL) {
            votes += r->outputs;
        }
    }
}

#endif

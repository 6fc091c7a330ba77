#include "tfcaps_noinline.h"
#include "tfcaps_routing_rv32.h"
#include "tfcaps_routing_short.h"

#if defined(TFCAPS_RV32)

/* Two input capsules of K = 4 at a time, where both are as short as squashed ones; all others as in plain C.
 * Kept, two votes of such capsules share a word, which takes the place of what plain C keeps of the two. */

static int is_in_pairs(const tfcaps_routing *r, const int8_t *kernel) {
    return r->dims->input_dimension == 4 && r->params->vote_shift == 0 && (uintptr_t)kernel % 4 == 0;
}

/* So many input capsules in plain C; kept: where their votes are, or NULL. */
static void leave(void (*pass)(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel),
                  const tfcaps_routing *r, int32_t input_capsules, const int8_t *u, const int8_t *kernel,
                  uint32_t *kept) {
    tfcaps_capsule_dense_dims dims = *r->dims;
    tfcaps_routing some = *r;
    dims.input_capsules = input_capsules;
    some.dims = &dims;
    some.kept_votes = (int16_t *)kept;
    pass(&some, u, kernel);
}

/* What input capsules are multiplied by; whether both are short enough. */
static int load_pair(tfcaps_rv32_pair *pair, const int8_t *u, int32_t zero_point) {
    int is_short = 1;
    for (int32_t n = 0; n < 2; ++n) {
        tfcaps_short_factors factors;
        is_short &= tfcaps_find_factors(u, zero_point, &factors);
        pair->even[n] = factors.even;
        pair->odd[n] = factors.odd;
        pair->start[n] = factors.start;
        u += 4;
    }
    return is_short;
}

void tfcaps_routing_add_votes(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    int32_t left = r->dims->input_capsules;
    if (!is_in_pairs(r, kernel)) {
        tfcaps_routing_plain_add_votes(r, u, kernel);
        return;
    }
    tfcaps_rv32_pair pair = {.kernel_bytes = 4 * r->outputs};
    uint32_t *kept = (uint32_t *)(void *)r->kept_votes;
    for (; left > 1; left -= 2) {
        if (!load_pair(&pair, u, r->params->input_zero_point)) {
            leave(tfcaps_routing_plain_add_votes, r, 2, u, kernel, kept);
        } else if (kept != NULL) {
            tfcaps_rv32_pair_keep(&pair, kernel, r->sums, r->outputs, kept);
        } else {
            tfcaps_rv32_pair_sum(&pair, kernel, r->sums, r->outputs);
        }
        kept += kept == NULL ? 0 : r->outputs;
        u += 8;
        kernel += 2 * pair.kernel_bytes;
    }
    if (left != 0) {
        leave(tfcaps_routing_plain_add_votes, r, left, u, kernel, kept);
    }
}

/* V times 2^16, votes and exps in work. */
static tfcaps_rv32_pair begin_pairs(const tfcaps_routing *r) {
    const int32_t outputs = r->outputs;
    int32_t *v = (int32_t *)r->work;
    int32_t *votes = v + outputs;
    uint32_t *exps = (uint32_t *)(votes + 2 * outputs);
    for (int32_t n = 0; n < outputs; ++n) {
        v[n] = r->scaled[n] * (1 << 16);
    }
    const tfcaps_rv32_pair pair = {.kernel_bytes = 4 * outputs,
                                   .v = v,
                                   .votes = votes,
                                   .exps = exps,
                                   .exps_end = exps + 2 * r->dims->output_capsules,
                                   .table = tfcaps_exp_table,
                                   .exp_shift = r->exp_shift,
                                   .first_logit = (uint32_t)TFCAPS_EXP_CENTRE << r->exp_shift,
                                   .dimension = r->dims->output_dimension,
                                   .dimension_bytes = 8 * r->dims->output_dimension};
    return pair;
}

/* e again, of both input capsules from their votes, where a logit is far from zero. */
static TFCAPS_NOINLINE void find_far_exps(const tfcaps_routing *r, tfcaps_rv32_pair *pair,
                                          uint32_t first_exp) {
    const int32_t dimension = r->dims->output_dimension;
    for (int32_t n = 0; n < 2; ++n) {
        const int32_t *votes = pair->votes + n;
        const int16_t *v = r->scaled;
        for (uint32_t *e = pair->exps + n; e < pair->exps_end; e += 2) {
            *e = 0;
            for (int32_t d = 0; d < dimension; ++d) {
                *e += (uint32_t)((*votes >> 16) * *v++);
                votes += 2;
            }
        }
        pair->exp_sums[n] = tfcaps_routing_exps(r, pair->exps + n, 2, first_exp);
    }
}

void tfcaps_routing_add_coupled(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    const uint32_t first_exp = r->params->leaky ? tfcaps_exp_table[TFCAPS_EXP_CENTRE] : 0;
    int32_t left = r->dims->input_capsules;
    if (!is_in_pairs(r, kernel)) {
        tfcaps_routing_plain_add_coupled(r, u, kernel);
        return;
    }
    tfcaps_rv32_pair pair = begin_pairs(r);
    uint32_t *kept = (uint32_t *)(void *)r->kept_votes;
    for (; left > 1; left -= 2) {
        if (load_pair(&pair, u, r->params->input_zero_point)) {
            pair.exp_sums[0] = pair.exp_sums[1] = first_exp;
            if (kept != NULL) {
                tfcaps_rv32_pair_kept_exps(&pair, kept);
            } else {
                tfcaps_rv32_pair_exps(&pair, kernel);
            }
            if (tfcaps_is_far(pair.indices)) {
                find_far_exps(r, &pair, first_exp);
            }
            for (int32_t n = 0; n < 2; ++n) {
                pair.scales[n] = tfcaps_couple(pair.exp_sums[n], r->narrow);
                if (r->carries) {
                    tfcaps_routing_carry(r, pair.exp_sums[n], pair.exps + n, 2);
                    pair.scales[n].reciprocal = 1;
                    pair.scales[n].shift = 0;
                }
            }
            tfcaps_rv32_pair_coupled(&pair, r->sums);
        } else {
            leave(tfcaps_routing_plain_add_coupled, r, 2, u, kernel, kept);
            pair = begin_pairs(r); /* plain C has its own things in work */
        }
        kept += kept == NULL ? 0 : r->outputs;
        u += 8;
        kernel += 2 * pair.kernel_bytes;
    }
    if (left != 0) {
        leave(tfcaps_routing_plain_add_coupled, r, left, u, kernel, kept);
    }
}

#endif

#include "tfcaps_routing_paired.h"

#if defined(TFCAPS_DSP)
#include "tfcaps_dsp.h"

/* On the file's order of weights: K = 4 and even D, K = 8 and D in fours in assembly, all others in
 * plain C. What is in assembly makes votes sooner than plain C finds them, and so never keeps any. */

static int is_in_assembly(const tfcaps_routing *r, const int8_t *kernel) {
    const int32_t depth = r->dims->input_dimension;
    const int32_t dimension = r->dims->output_dimension;
    if (r->carries || r->exp_shift != TFCAPS_LOGIT_BITS - TFCAPS_STEP_BITS || (uintptr_t)kernel % 4 != 0) {
        return 0;
    }
    if (depth == 8) {
        return dimension % 4 == 0 && r->params->vote_shift <= 1;
    }
    return depth == 4 && dimension % 2 == 0 && r->outputs >= 6 && r->params->vote_shift == 0;
}

/* Words of a block's votes, in the records of tfcaps_routing_plain_blocks.h. */
static int32_t block_words(const tfcaps_routing *r) {
    return r->dims->output_dimension % 4 == 0 ? 2 : 1;
}

/* The first word of V in a record and, behind it, of either input capsule's votes: of pair p of outputs,
 * counted over all output capsules. */
static uint32_t *record_of(const tfcaps_paired_pass *pass, int32_t p) {
    const int32_t words = block_words(pass->r);
    return pass->records + 3 * words * (p / words) + p % words;
}

static void set_blocks(tfcaps_paired_pass *pass) {
    const tfcaps_routing *r = pass->r;
    const int32_t dimension = r->dims->output_dimension;
    for (int32_t p = 0; p < r->outputs / 2; ++p) {
        *record_of(pass, p) = tfcaps_halves(r->scaled[2 * p], r->scaled[2 * p + 1]);
    }
    pass->records_end = pass->records + 3 * (r->outputs / 2);
    pass->skip = dimension / (2 * block_words(r));
    if (r->dims->input_dimension == 4 && dimension % 8 == 0) {
        pass->skip /= 2;
    }
}

void tfcaps_routing_plain_far(tfcaps_paired_pass *pass) {
    const tfcaps_routing *r = pass->r;
    const int32_t pairs = r->dims->output_dimension / 2;
    for (int32_t n = 0; n < 2; ++n) {
        uint32_t *logits = pass->records_end + n;
        for (int32_t j = 0; j < r->dims->output_capsules; ++j) {
            logits[2 * j] = 0;
            for (int32_t p = j * pairs; p < (j + 1) * pairs; ++p) {
                const uint32_t *record = record_of(pass, p);
                logits[2 * j] = tfcaps_smlad(record[(n + 1) * block_words(r)], *record, logits[2 * j]);
            }
        }
        pass->exp_sums[n] = tfcaps_routing_exps(r, logits, 2, pass->first_exp);
    }
}

void tfcaps_routing_add_votes(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    if (!is_in_assembly(r, kernel)) {
        tfcaps_routing_plain_add_votes(r, u, kernel);
        return;
    }
    const int32_t blocks = r->outputs / 6;
    tfcaps_paired_pass pass = tfcaps_paired_begin(r, u, kernel);
    pass.end = u + r->dims->input_capsules * r->dims->input_dimension;
    pass.records = r->sums;
    if (r->dims->input_dimension == 8) {
        pass.records_end = r->sums + r->outputs;
        if (r->params->vote_shift == 0) {
            tfcaps_routing_plain_sum_k8(&pass);
        } else {
            tfcaps_routing_plain_sum_k8_shifted(&pass);
        }
        return;
    }
    pass.records_end = r->sums + 6 * blocks;
    pass.sums = r->sums + r->outputs;
    pass.skip = (5 - blocks % 5) % 5;
    tfcaps_routing_plain_sum(&pass);
}

static void route_pairs(tfcaps_paired_pass *pass) {
    const int32_t depth = pass->r->dims->input_dimension;
    const int32_t dimension = pass->r->dims->output_dimension;
    if (depth == 4 && dimension == 6) {
        tfcaps_paired_set_records(pass);
        tfcaps_routing_plain_6(pass);
        return;
    }
    set_blocks(pass);
    if (depth == 8 && pass->r->params->vote_shift == 0) {
        tfcaps_routing_plain_k8(pass);
    } else if (depth == 8) {
        tfcaps_routing_plain_k8_shifted(pass);
    } else if (dimension % 8 == 0) {
        tfcaps_routing_plain_8(pass);
    } else if (dimension % 4 == 0) {
        tfcaps_routing_plain_4(pass);
    } else {
        tfcaps_routing_plain_2(pass);
    }
}

void tfcaps_routing_add_coupled(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    const int32_t pairs = r->dims->input_capsules & ~1;
    if (!is_in_assembly(r, kernel)) {
        tfcaps_routing_plain_add_coupled(r, u, kernel);
        return;
    }
    tfcaps_paired_pass pass = tfcaps_paired_begin(r, u, kernel);
    pass.end = u + pairs * r->dims->input_dimension;
    if (pairs != 0) {
        route_pairs(&pass);
    }
    if (pairs != r->dims->input_capsules) {
        tfcaps_capsule_dense_dims one = *r->dims;
        tfcaps_routing last = *r;
        one.input_capsules = 1;
        last.dims = &one;
        last.kept_votes = NULL;
        tfcaps_routing_plain_add_coupled(&last, pass.u, kernel + (pass.u - u) * r->outputs);
    }
}

#endif

#include "tfcaps_cold.h"
#include "tfcaps_halves.h"
#include "tfcaps_noinline.h"
#include "tfcaps_routing_paired.h"

/* Any K, D and J that suit, for every processor: what the passes are made of, and the twin of the routines in
 * assembly. */

TFCAPS_COLD int tfcaps_paired_suits(const tfcaps_routing *r, const int8_t *kernel) {
    (void)kernel; /* of words */
    const int32_t depth = r->dims->input_dimension;
    return depth % 4 == 0 && depth <= TFCAPS_PAIRED_MAX_DEPTH && r->params->vote_shift == 0 &&
           r->exp_shift == TFCAPS_LOGIT_BITS - TFCAPS_STEP_BITS && !r->carries;
}

/* u - zero_point of one input capsule as halfwords, in the order of the kernel's taps. */
typedef struct halves {
    uint32_t words[TFCAPS_PAIRED_MAX_DEPTH / 2];
} halves;

static void load_halves(const tfcaps_routing *r, const int8_t *u, halves *x) {
    const int32_t zero_point = r->params->input_zero_point;
    for (int32_t k = 0; k < r->dims->input_dimension; k += 4) {
        for (int32_t n = 0; n < 2; ++n) {
            const uint32_t low = (uint32_t)(u[k + n] - zero_point);
            const uint32_t high = (uint32_t)(u[k + n + 2] - zero_point);
            x->words[k / 2 + n] = (low & 0xFFFF) | (high << 16);
        }
    }
}

/* The votes of a pair of outputs. */
typedef struct pair {
    uint32_t low;  /* of d */
    uint32_t high; /* 256 times that of d + 1 */
} pair;

static pair vote(const uint32_t *kernel, const uint32_t *x, int32_t words) {
    uint32_t both = 0; /* 256 high - low */
    uint32_t low = 0;
    for (int32_t n = 0; n < words; ++n) {
        both = tfcaps_smlsdx(kernel[n], x[n], both);
        low = tfcaps_smlsdx(x[n], tfcaps_even_bytes(kernel[n]), low);
    }
    const pair votes = {low, both + low};
    return votes;
}

static uint32_t pack(pair votes) {
    return (votes.low & 0xFFFF) | ((votes.high << 8) & 0xFFFF0000);
}

TFCAPS_COLD void tfcaps_paired_drop_padding(const tfcaps_routing *r) {
    const int32_t dimension = r->dims->output_dimension;
    const uint32_t *from = r->sums;
    uint32_t *to = r->sums;
    for (int32_t j = 0; dimension % 2 != 0 && j < r->dims->output_capsules; ++j) {
        for (int32_t d = 0; d < dimension; ++d) {
            *to++ = *from++;
        }
        ++from;
    }
}

void tfcaps_paired_add_votes(tfcaps_paired_pass *pass, int32_t inputs, uint32_t *kept) {
    const tfcaps_routing *r = pass->r;
    const int32_t depth = r->dims->input_dimension;
    const int32_t pairs = r->dims->output_capsules * (tfcaps_even(r->dims->output_dimension) / 2);
    for (; inputs > 0; --inputs) {
        halves x = {{0}};
        load_halves(r, pass->u, &x);
        pass->u += depth;
        for (int32_t p = 0; p < pairs; ++p) {
            const pair votes = vote(pass->kernel, x.words, depth / 2);
            r->sums[2 * p] += votes.low;
            r->sums[2 * p + 1] += (uint32_t)((int32_t)votes.high >> 8);
            if (kept != NULL) {
                *kept++ = pack(votes);
            }
            pass->kernel += depth / 2;
        }
    }
}

/* e of b_none, if there is one. */
static uint32_t first_exp(const tfcaps_routing *r) {
    return r->params->leaky ? tfcaps_exp_table[TFCAPS_EXP_CENTRE] : 0;
}

TFCAPS_COLD tfcaps_paired_pass tfcaps_paired_begin(const tfcaps_routing *r, const int8_t *u,
                                                   const int8_t *kernel) {
    const int32_t capsules = r->dims->output_capsules;
    tfcaps_paired_pass pass;
    pass.u = u;
    pass.kernel = (const uint32_t *)(const void *)kernel;
    pass.records = (uint32_t *)r->work;
    pass.sums = r->sums;
    pass.zero = ((uint32_t)-r->params->input_zero_point & 0xFFFF) * 0x10001;
    pass.first_exp = first_exp(r);
    pass.table = tfcaps_exp_table + TFCAPS_EXP_CENTRE;
    pass.narrow = r->narrow;
    pass.skip = (5 - capsules % 5) % 5;
    pass.r = r;
    return pass;
}

static uint32_t logit_of(const uint32_t *votes, const uint32_t *v, int32_t pairs) {
    uint32_t logit = 0;
    for (int32_t p = 0; p < pairs; ++p) {
        logit = tfcaps_smlad(votes[p], v[p], logit);
    }
    return logit;
}

TFCAPS_COLD void tfcaps_routing_paired_far(tfcaps_paired_pass *pass) {
    const int32_t capsules = pass->r->dims->output_capsules;
    const int32_t pairs = tfcaps_even(pass->r->dims->output_dimension) / 2;
    const int32_t size = 2 * (pairs + 1);
    for (int32_t n = 0; n < 2; ++n) {
        uint32_t *votes = pass->records + n * (pairs + 1);
        uint32_t *logits = votes + pairs;
        for (int32_t j = 0; j < capsules; ++j) {
            logits[j * size] = logit_of(votes + j * size, pass->factors + j * pairs, pairs);
        }
        pass->exp_sums[n] = tfcaps_routing_exps(pass->r, logits, size, first_exp(pass->r));
    }
}

TFCAPS_COLD void tfcaps_paired_set_records(tfcaps_paired_pass *pass) {
    const tfcaps_routing *r = pass->r;
    const int32_t pairs = tfcaps_even(r->dims->output_dimension) / 2;
    const int32_t dimension = r->dims->output_dimension;
    const int16_t *v = r->scaled;
    uint32_t *factors = (uint32_t *)r->work;
    pass->factors = factors;
    for (const int16_t *end = v + r->outputs; v != end;) {
        for (int32_t d = 0; d < dimension; d += 2) {
            const uint32_t low = (uint32_t)*v++ & 0xFFFF;
            *factors++ = low | (d + 1 < dimension ? (uint32_t)*v++ << 16 : 0);
        }
    }
    pass->records = factors;
#if defined(TFCAPS_DSP)
    if (tfcaps_paired_is_4_to_6(r)) {
        tfcaps_paired_ends *ends = (tfcaps_paired_ends *)(void *)factors;
        pass->records = (uint32_t *)(void *)(ends + 1);
        pass->first_exp = first_exp(r) - ((uint32_t)((r->dims->output_capsules + 4) / 5) << 24);
        ends->factors = pass->factors;
        ends->first_exp = pass->first_exp;
        ends->second_records = pass->records + pairs + 1;
        ends->narrow = r->narrow;
        ends->ones = UINT32_MAX;
        ends->records = pass->records;
        ends->sums = r->sums;
    }
#endif
    pass->records_end = pass->records + r->dims->output_capsules * 2 * (pairs + 1);
}

void tfcaps_paired_add_coupled(tfcaps_paired_pass *pass, const uint32_t *kept) {
    const tfcaps_routing *r = pass->r;
    const int32_t pairs = tfcaps_even(r->dims->output_dimension) / 2;
    const int32_t size = 2 * (pairs + 1);
    const int32_t words = r->dims->input_dimension / 2;
    const uint32_t *factors = pass->factors;
    halves x = {{0}};
    load_halves(r, pass->u, &x);
    for (uint32_t *votes = pass->records; votes != pass->records_end; votes += size) {
        for (int32_t p = 0; p < pairs; ++p) {
            votes[p] = kept != NULL ? *kept++ : pack(vote(pass->kernel, x.words, words));
            pass->kernel += words;
        }
        votes[pairs] = logit_of(votes, factors, pairs);
        factors += pairs;
    }
    pass->u += r->dims->input_dimension;
    const uint32_t sum = tfcaps_routing_exps(r, pass->records + pairs, size, first_exp(r));
    const tfcaps_coupling_scale scale = tfcaps_couple(sum, r->narrow);
    uint32_t *s = pass->sums;
    for (const uint32_t *votes = pass->records; votes != pass->records_end; votes += size) {
        const int64_t c = (int64_t)((votes[pairs] * scale.reciprocal) >> scale.shift);
        for (int32_t p = 0; p < pairs; ++p) {
            *s++ += (uint32_t)((c * (int16_t)(uint16_t)votes[p]) >> 16);
            *s++ += (uint32_t)((c * ((int32_t)votes[p] >> 16)) >> 16);
        }
    }
}

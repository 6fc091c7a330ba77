#include "tfcaps_dot.h"
#include "tfcaps_dot_block.h"
#include "tfcaps_exp2_table.h"
#include "tfcaps_fixed_point.h"
#include "tfcaps_noinline.h"
#include "tfcaps_routing.h"

/* An input capsule of K = 4 and what rounds its votes: all in registers. */
typedef struct capsule_of_4 {
    int32_t u0, u1, u2, u3;
    int32_t shift;
    int32_t half;
} capsule_of_4;

static capsule_of_4 load_capsule(const tfcaps_capsule_dense_params *params, const int8_t *u) {
    const int32_t zero_point = params->input_zero_point;
    const int32_t shift = params->vote_shift;
    const capsule_of_4 capsule = {
        u[0] - zero_point, u[1] - zero_point, u[2] - zero_point, u[3] - zero_point, shift, (1 << shift) >> 1};
    return capsule;
}

/* One element of h. */
static int32_t vote_of_4(const capsule_of_4 *u, const int8_t *kernel) {
    int32_t sum = u->half + kernel[0] * u->u0;
    sum += kernel[1] * u->u1;
    sum += kernel[2] * u->u2;
    sum += kernel[3] * u->u3;
    return tfcaps_narrow16(sum >> u->shift);
}

/* Adds h of one input capsule to sums [J * D]; kernel [J * D, 4]. */
static TFCAPS_NOINLINE void add_votes_of_4(const tfcaps_capsule_dense_params *params, int32_t outputs,
                                           const int8_t *u, const int8_t *kernel, int32_t *sums) {
    const capsule_of_4 capsule = load_capsule(params, u);
    const int32_t *end = sums + outputs;
    while (sums != end) {
        *sums++ += vote_of_4(&capsule, kernel);
        kernel += 4;
    }
}

/* h and b of one input capsule. */
static TFCAPS_NOINLINE void compute_logits_of_4(const tfcaps_capsule_dense_params *params, int32_t capsules,
                                                int32_t dimension, const int8_t *u, const int8_t *kernel,
                                                const tfcaps_routing_scratch *s) {
    const capsule_of_4 capsule = load_capsule(params, u);
    int16_t *h = s->votes;
    const int16_t *v = s->scaled;
    for (int32_t j = 0; j < capsules; ++j) {
        const int16_t *end = h + dimension;
        uint32_t logit = 0;
        while (h != end) {
            const int32_t vote = vote_of_4(&capsule, kernel);
            *h++ = (int16_t)vote;
            logit += (uint32_t)(vote * *v++);
            kernel += 4;
        }
        s->exps[j] = logit;
    }
}

/* h of one input capsule u [K] for any K, with its transformations kernel [J * D, K]. */
static TFCAPS_NOINLINE void compute_votes(const tfcaps_capsule_dense_params *params, int32_t outputs,
                                          int32_t depth, const int8_t *u, const int8_t *kernel,
                                          int16_t *votes) {
    const int32_t shift = params->vote_shift;
    const uint32_t half = ((uint32_t)1 << shift) >> 1;
    const tfcaps_dot_rows row = {1, depth, 0, 0};
    int32_t n = 0;
    for (; TFCAPS_DOT_4X1_PAYS && n + 4 <= outputs; n += 4) {
        uint32_t sums[4] = {half, half, half, half};
        tfcaps_dot_4x1(&row, u, params->input_zero_point, kernel, depth, sums);
        for (int32_t k = 0; k < 4; ++k) {
            votes[n + k] = (int16_t)tfcaps_narrow16((int32_t)sums[k] >> shift);
        }
        kernel += 4 * depth;
    }
    for (; n < outputs; ++n) {
        const uint32_t sum = tfcaps_dot(half, kernel, u, params->input_zero_point, depth);
        votes[n] = (int16_t)tfcaps_narrow16((int32_t)sum >> shift);
        kernel += depth;
    }
}

/* Iteration 0 adds up the votes as they are, in the state's place: I * 2^15 < 2^31. */
static void add_votes(const tfcaps_capsule_dense_params *params, int32_t outputs, int32_t depth,
                      const int8_t *u, const int8_t *kernel, const tfcaps_routing_scratch *s) {
    if (depth == 4) {
        add_votes_of_4(params, outputs, u, kernel, s->state);
        return;
    }
    compute_votes(params, outputs, depth, u, kernel, s->votes);
    for (int32_t n = 0; n < outputs; ++n) {
        s->state[n] += s->votes[n];
    }
}

/* e of a logit that is so far below the largest. */
static uint32_t exp_below(uint32_t below, int32_t shift) {
    const uint32_t rounding =
        shift == 0 ? 0 : (below >> (shift - 1)) & 1; /* the sum with a half needs 33 bits */
    const uint32_t t = (below >> shift) + rounding;
    return t >= 4096 ? 0 : (uint32_t)tfcaps_exp2_table[t & 255] >> (t >> 8);
}

/* b of one input capsule from its votes. It wraps: the converter's bound keeps it in range, hostile options
 * may not. */
static TFCAPS_NOINLINE void compute_logits(int32_t capsules, int32_t dimension,
                                           const tfcaps_routing_scratch *s) {
    const int16_t *h = s->votes;
    const int16_t *v = s->scaled;
    for (int32_t j = 0; j < capsules; ++j) {
        const int16_t *end = h + dimension;
        uint32_t logit = 0;
        while (h != end) {
            logit += (uint32_t)(*h++ * *v++);
        }
        s->exps[j] = logit;
    }
}

/* e from b, in place; returns its sum. */
static TFCAPS_NOINLINE uint32_t compute_exps(const tfcaps_capsule_dense_params *params, int32_t capsules,
                                             uint32_t *exps) {
    int32_t largest = params->leaky ? 0 : INT32_MIN;
    for (int32_t j = 0; j < capsules; ++j) {
        const int32_t logit = (int32_t)exps[j];
        largest = logit > largest ? logit : largest;
    }
    const int32_t shift = params->logit_bits - 8;
    uint32_t sum = params->leaky ? exp_below((uint32_t)largest, shift) : 0; /* that of b_none = 0 */
    for (int32_t j = 0; j < capsules; ++j) {
        exps[j] = exp_below((uint32_t)largest - exps[j], shift);
        sum += exps[j];
    }
    return sum;
}

/* sum + a * b, whose product fits 32 bits. */
static int64_t add_product(int64_t sum, int32_t a, int32_t b) {
#if defined(__thumb2__) /* one instruction for 64 bits, unless GCC widens b ahead of the loop */
    __asm__("" : "+r"(b));
    return sum + (int64_t)a * b;
#else
    return sum + a * b;
#endif
}

/* Adds c * h of one input capsule to the sums. */
static TFCAPS_NOINLINE void add_coupled(int32_t capsules, int32_t dimension, uint32_t exp_sum,
                                        const tfcaps_routing_scratch *s) {
    const int32_t bits = 16 - tfcaps_clz(exp_sum);
    const int32_t q = bits > 0 ? bits : 0;
    const uint32_t den = (exp_sum + (((uint32_t)1 << q) >> 1)) >> q;
    /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero): the largest logit has an e of 2^15 or so */
    const uint32_t reciprocal = (((uint32_t)1 << 31) + (den >> 1)) / den;
    const int16_t *h = s->votes;
    int64_t *sum = s->sums;
    uint32_t before = (uint32_t)1 << 15;
    for (int32_t j = 0; j < capsules; ++j) {
        const uint32_t p = before + ((s->exps[j] * reciprocal) >> q);
        const uint32_t step = (p >> 16) - (before >> 16);
        const int32_t c = step < 32767 ? (int32_t)step : 32767;
        before = p;
        for (const int16_t *end = h + dimension; h != end; ++h) {
            *sum = add_product(*sum, *h, c);
            ++sum;
        }
    }
}

void tfcaps_routing_add_votes(const tfcaps_capsule_dense_params *params,
                              const tfcaps_capsule_dense_dims *dims, const int8_t *u, const int8_t *kernel,
                              const tfcaps_routing_scratch *s) {
    const int32_t outputs = dims->output_capsules * dims->output_dimension;
    const int32_t depth = dims->input_dimension;
    for (int32_t i = 0; i < dims->input_capsules; ++i) {
        add_votes(params, outputs, depth, u, kernel, s);
        u += depth;
        kernel += (size_t)outputs * (size_t)depth;
    }
}

void tfcaps_routing_add_coupled(const tfcaps_capsule_dense_params *params,
                                const tfcaps_capsule_dense_dims *dims, const int8_t *u, const int8_t *kernel,
                                const tfcaps_routing_scratch *s) {
    const int32_t capsules = dims->output_capsules;
    const int32_t dimension = dims->output_dimension;
    const int32_t outputs = capsules * dimension;
    const int32_t depth = dims->input_dimension;
    for (int32_t i = 0; i < dims->input_capsules; ++i) {
        if (depth == 4) {
            compute_logits_of_4(params, capsules, dimension, u, kernel, s);
        } else {
            compute_votes(params, outputs, depth, u, kernel, s->votes);
            compute_logits(capsules, dimension, s);
        }
        add_coupled(capsules, dimension, compute_exps(params, capsules, s->exps), s);
        u += depth;
        kernel += (size_t)outputs * (size_t)depth;
    }
}

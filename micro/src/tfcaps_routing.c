#include "tfcaps_dot.h"
#include "tfcaps_dot_block.h"
#include "tfcaps_noinline.h"
#include "tfcaps_routing.h"
#include "tfcaps_routing_rv32.h"
#include "tfcaps_routing_short.h"
#include "tfcaps_routing_thumb.h"

#if !defined(TFCAPS_RVV)
#if defined(TFCAPS_MVE) || defined(TFCAPS_RV32)
#define tfcaps_routing_add_votes tfcaps_routing_plain_add_votes
#define tfcaps_routing_add_coupled tfcaps_routing_plain_add_coupled
#endif

/* Plain C: one input capsule after the other. */

/* The exponentials of one input capsule's logits, as they come: their sum, and whether one is far. */
typedef struct near_exps {
    uint32_t sum;
    uint32_t indices; /* of the table, combined by or */
} near_exps;

static uint32_t add_exp(const tfcaps_routing *r, uint32_t logit, near_exps *near) {
    const uint32_t index = tfcaps_table_index(logit, r->exp_shift);
    const uint32_t e = tfcaps_exp_table[index % TFCAPS_EXP_ENTRIES];
    near->indices |= index;
    near->sum += e;
    return e;
}

static near_exps first_exps(const tfcaps_routing *r) {
    const near_exps none = {r->params->leaky ? tfcaps_exp_table[TFCAPS_EXP_CENTRE] : 0, 0};
    return none;
}

#if defined(TFCAPS_RV32)

/* An input capsule of K = 4. */
static tfcaps_rv32_capsule load_capsule(const tfcaps_routing *r, const int8_t *u) {
    const int32_t zero_point = r->params->input_zero_point;
    const int32_t shift = r->params->vote_shift;
    const tfcaps_rv32_capsule capsule = {
        {u[0] - zero_point, u[1] - zero_point, u[2] - zero_point, u[3] - zero_point},
        (1 << shift) >> 1,
        shift,
        r->scaled,
        tfcaps_exp_table,
        r->exp_shift,
        r->dims->output_capsules,
        r->dims->output_dimension,
        first_exps(r).sum,
        0};
    return capsule;
}

/* Adds h of one input capsule to the sums; kernel [J * D, 4]. */
static void add_votes_of_4(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    const tfcaps_rv32_capsule capsule = load_capsule(r, u);
    tfcaps_rv32_add_votes(&capsule, kernel, r->sums, r->outputs);
}

/* h and e of one input capsule. */
static near_exps compute_exps_of_4(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel, int16_t *h,
                                   uint32_t *exps) {
    tfcaps_rv32_capsule capsule = load_capsule(r, u);
    tfcaps_rv32_exps(&capsule, kernel, h, exps);
    const near_exps near = {capsule.exp_sum, capsule.indices};
    return near;
}

#else

/* An input capsule of K = 4 and what rounds its votes: all in registers. */
typedef struct capsule_of_4 {
    int32_t u0, u1, u2, u3;
    int32_t shift;
    int32_t half;
} capsule_of_4;

static capsule_of_4 load_capsule(const tfcaps_routing *r, const int8_t *u) {
    const int32_t zero_point = r->params->input_zero_point;
    const int32_t shift = r->params->vote_shift;
    const capsule_of_4 capsule = {
        u[0] - zero_point, u[1] - zero_point, u[2] - zero_point, u[3] - zero_point, shift, (1 << shift) >> 1};
    return capsule;
}

/* One element of h, before it becomes 16 bits. */
static int32_t vote_of_4(const capsule_of_4 *u, const int8_t *kernel) {
    int32_t sum = u->half + kernel[0] * u->u0;
    sum += kernel[1] * u->u1;
    sum += kernel[2] * u->u2;
    sum += kernel[3] * u->u3;
    return sum >> u->shift;
}

/* Adds h of one input capsule to the sums; kernel [J * D, 4]. */
static TFCAPS_NOINLINE void add_votes_of_4(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    tfcaps_short_capsule near;
    if (tfcaps_is_short(r, u, kernel, &near)) {
        tfcaps_short_add_votes(&near, kernel, r->sums, r->outputs);
        return;
    }
    const capsule_of_4 capsule = load_capsule(r, u);
    uint32_t *sum = r->sums;
    const uint32_t *end = sum + r->outputs;
    while (sum != end) {
        *sum++ += (uint32_t)vote_of_4(&capsule, kernel);
        kernel += 4;
    }
}

/* h and e of one input capsule. */
static TFCAPS_NOINLINE near_exps compute_exps_of_4(const tfcaps_routing *r, const int8_t *u,
                                                   const int8_t *kernel, int16_t *h, uint32_t *exps) {
    near_exps near = first_exps(r);
    tfcaps_short_capsule short_one;
    if (tfcaps_is_short(r, u, kernel, &short_one)) {
        short_one.v = r->scaled;
        short_one.table = tfcaps_exp_table;
        short_one.exp_shift = r->exp_shift;
        short_one.capsules = r->dims->output_capsules;
        short_one.dimension = r->dims->output_dimension;
        short_one.exp_sum = near.sum;
        short_one.indices = 0;
        tfcaps_short_exps(&short_one, kernel, h, exps);
        near.sum = short_one.exp_sum;
        near.indices = short_one.indices;
        return near;
    }
    const capsule_of_4 capsule = load_capsule(r, u);
    const int16_t *v = r->scaled;
    for (int32_t j = 0; j < r->dims->output_capsules; ++j) {
        const int16_t *end = h + r->dims->output_dimension;
        uint32_t logit = 0;
        while (h != end) {
            const int32_t vote = (int16_t)vote_of_4(&capsule, kernel);
            *h++ = (int16_t)vote;
            logit += (uint32_t)(vote * *v++);
            kernel += 4;
        }
        exps[j] = add_exp(r, logit, &near);
    }
    return near;
}

#endif

/* h of one input capsule u [K] for any K, with its transformations kernel [J * D, K], to votes and, as it is
 * before it becomes 16 bits, onto the sums; neither for NULL. */
static TFCAPS_NOINLINE void compute_votes(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel,
                                          int16_t *votes, uint32_t *sums) {
    enum {
        BLOCK = 4
    };
    const int32_t depth = r->dims->input_dimension;
    const int32_t shift = r->params->vote_shift;
    const uint32_t half = ((uint32_t)1 << shift) >> 1;
    const tfcaps_dot_rows row = {1, depth, 0, 0};
    for (int32_t n = 0; n < r->outputs;) {
        uint32_t found[BLOCK] = {half, half, half, half};
        const int32_t count = n + BLOCK <= r->outputs ? BLOCK : 1;
        if (count == BLOCK) {
            tfcaps_dot_4x1(&row, u, r->params->input_zero_point, kernel, depth, found);
        } else {
            found[0] = tfcaps_dot(half, kernel, u, r->params->input_zero_point, depth);
        }
        for (int32_t k = 0; k < count; ++k) {
            const int32_t vote = (int32_t)found[k] >> shift;
            if (sums != NULL) {
                sums[n + k] += (uint32_t)vote;
            }
            if (votes != NULL) {
                votes[n + k] = (int16_t)vote;
            }
        }
        n += count;
        kernel += count * depth;
    }
}

/* h of one input capsule to votes and onto the sums. */
static TFCAPS_NOINLINE void keep_votes(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel,
                                       int16_t *votes) {
    tfcaps_short_capsule capsule;
    if (r->dims->input_dimension == 4 && tfcaps_is_short(r, u, kernel, &capsule)) {
        tfcaps_short_keep_votes(&capsule, kernel, r->sums, r->outputs, votes);
    } else {
        compute_votes(r, u, kernel, votes, r->sums);
    }
}

/* b of one input capsule's output capsule from its votes. It wraps: the converter's bound keeps it in range,
 * hostile options may not. */
static uint32_t logit_of(const int16_t *h, const int16_t *v, int32_t dimension) {
    uint32_t logit = 0;
    for (const int16_t *end = h + dimension; h != end;) {
        logit += (uint32_t)(*h++ * *v++);
    }
    return logit;
}

/* e of one input capsule from its votes. */
static TFCAPS_NOINLINE near_exps compute_exps(const tfcaps_routing *r, const int16_t *votes, uint32_t *exps) {
    const int32_t dimension = r->dims->output_dimension;
    const int16_t *v = r->scaled;
    near_exps near = first_exps(r);
    for (int32_t j = 0; j < r->dims->output_capsules; ++j) {
        exps[j] = add_exp(r, logit_of(votes, v, dimension), &near);
        votes += dimension;
        v += dimension;
    }
    return near;
}

/* The same where a logit is far. */
static TFCAPS_NOINLINE uint32_t compute_far_exps(const tfcaps_routing *r, const int16_t *votes,
                                                 uint32_t *exps) {
    const int32_t dimension = r->dims->output_dimension;
    for (int32_t j = 0; j < r->dims->output_capsules; ++j) {
        exps[j] = logit_of(votes + j * dimension, r->scaled + j * dimension, dimension);
    }
    return tfcaps_routing_far_exps(r, exps, 1);
}

/* c in the form that its products want, and (c * h) >> 16. */
#if defined(__thumb__) && !defined(__thumb2__) /* products of 32 bits only */
typedef struct coupling {
    int32_t high;
    int32_t low;
} coupling;

static inline coupling coupling_of(uint32_t c) {
    const coupling parts = {(int32_t)(c >> 8), (int32_t)(c & 255)};
    return parts;
}

static inline uint32_t couple(coupling c, int32_t h) {
    return (uint32_t)((c.high * h + ((c.low * h) >> 8)) >> 8);
}
#else
typedef int32_t coupling;

static inline coupling coupling_of(uint32_t c) {
    return (int32_t)(c << 8);
}

static inline uint32_t couple(coupling c, int32_t h) {
    return (uint32_t)(((int64_t)c * (h * 256)) >> 32);
}
#endif

/* Adds (c * h) >> 16 of one input capsule to the sums. */
static TFCAPS_NOINLINE void add_coupled(const tfcaps_routing *r, const int16_t *h, uint32_t exp_sum,
                                        uint32_t *exps) {
    tfcaps_coupling_scale scale = tfcaps_couple(exp_sum, r->narrow);
    if (r->carries) {
        tfcaps_routing_carry(r, exp_sum, exps, 1);
        scale.reciprocal = 1;
        scale.shift = 0;
    }
#if defined(TFCAPS_RV32)
    tfcaps_rv32_add_coupled(h, exps, r->sums, r->dims->output_capsules, r->dims->output_dimension,
                            scale.reciprocal, scale.shift);
#elif defined(TFCAPS_THUMB1) || defined(TFCAPS_THUMB2)
    tfcaps_thumb_add_coupled(h, exps, r->sums, r->dims->output_capsules, r->dims->output_dimension,
                             scale.reciprocal, scale.shift);
#else
    const int32_t dimension = r->dims->output_dimension;
    const uint32_t *exps_end = exps + r->dims->output_capsules;
    uint32_t *sum = r->sums;
    while (exps != exps_end) {
        const coupling c = coupling_of((*exps++ * scale.reciprocal) >> scale.shift);
        const int16_t *end = h + (dimension & ~1);
        while (h != end) {
            sum[0] += couple(c, h[0]);
            sum[1] += couple(c, h[1]);
            sum += 2;
            h += 2;
        }
        if ((dimension & 1) != 0) {
            *sum++ += couple(c, *h++);
        }
    }
#endif
}

void tfcaps_routing_add_votes(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    const int32_t depth = r->dims->input_dimension;
    int16_t *votes = r->kept_votes;
    for (int32_t i = 0; i < r->dims->input_capsules; ++i) {
        if (votes != NULL) {
            keep_votes(r, u, kernel, votes);
            votes += r->outputs;
        } else if (depth == 4) {
            add_votes_of_4(r, u, kernel);
        } else {
            compute_votes(r, u, kernel, NULL, r->sums);
        }
        u += depth;
        kernel += (size_t)r->outputs * (size_t)depth;
    }
}

void tfcaps_routing_add_coupled(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel) {
    const int32_t depth = r->dims->input_dimension;
    uint32_t *exps = (uint32_t *)r->work;
    int16_t *row = (int16_t *)(exps + r->dims->output_capsules);
    for (int32_t i = 0; i < r->dims->input_capsules; ++i) {
        int16_t *votes = r->kept_votes == NULL ? row : r->kept_votes + (size_t)i * (size_t)r->outputs;
        near_exps near;
        if (r->kept_votes == NULL && depth == 4) {
            near = compute_exps_of_4(r, u, kernel, votes, exps);
        } else {
            if (r->kept_votes == NULL) {
                compute_votes(r, u, kernel, votes, NULL);
            }
            near = compute_exps(r, votes, exps);
        }
        const uint32_t sum = tfcaps_is_far(near.indices) ? compute_far_exps(r, votes, exps) : near.sum;
        add_coupled(r, votes, sum, exps);
        u += depth;
        kernel += (size_t)r->outputs * (size_t)depth;
    }
}

#endif

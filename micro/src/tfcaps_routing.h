/* The two passes of routing over the input capsules, which take nearly all of its time: each variant of them
 * is one file. Names are those of docs/numerics.md: h votes, b logits, e their exponentials, c couplings,
 * A state. Private. */
#ifndef TFCAPS_ROUTING_H
#define TFCAPS_ROUTING_H

#include "tfcaps/kernels.h"
#include "tfcaps_exp_table.h"
#include "tfcaps_fixed_point.h"
#include "tfcaps_variant.h"

enum {
    TFCAPS_LOGIT_BITS = 24, /* the most fraction bits of b */
    TFCAPS_STEP_BITS = 8,   /* those that the table of exponentials sees */
};

/* What both passes work on. All sums are modulo 2^32. */
typedef struct tfcaps_routing {
    const tfcaps_capsule_dense_params *params;
    const tfcaps_capsule_dense_dims *dims;
    int32_t outputs;   /* J * D */
    int32_t narrow;    /* n: couplings have 31 - n fraction bits */
    int32_t exp_shift; /* from a logit to steps of the table */
    int32_t carries;   /* whether what is cut off a coupling is added to the next */
    uint32_t *sums;  /* [J * D] of the votes, as they are or times couplings; then s and v; room for even D */
    int32_t *state;  /* [J * D] A, Q15 */
    int16_t *scaled; /* [J * D] V */
    void *work;      /* of a pass: tfcaps_routing_work_bytes, aligned to 8 */
    int16_t *kept_votes; /* of all input capsules, between the passes, in the variant's order; or NULL */
} tfcaps_routing;

/* D or one more: some variants work on pairs of outputs. */
static inline int32_t tfcaps_even(int32_t dimension) {
    return (dimension + 1) & ~1;
}

/* The most that a pass of any variant needs: for two input capsules V, votes and e, each a word, or for four
 * votes and e. */
static inline uint64_t tfcaps_routing_work_bytes(int32_t capsules, int32_t dimension) {
    return 4 * (uint64_t)capsules * (uint64_t)(3 * tfcaps_even(dimension) + 2);
}

/* Votes of all input capsules. */
static inline uint64_t tfcaps_routing_kept_bytes(int32_t inputs, int32_t capsules, int32_t dimension) {
    return 2 * (uint64_t)inputs * (uint64_t)capsules * (uint64_t)tfcaps_even(dimension);
}

/* Iteration 0: sums[n] += the sum over all input capsules of h_in. u [I, K], kernel [I, J * D, K]. Stores
 * kept_votes. */
void tfcaps_routing_add_votes(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel);

/* Any later iteration: sums[n] += the sum over all input capsules of (c_ij h_in) >> 16, with c by the logits
 * that scaled gives. Uses kept_votes instead of u and kernel. */
void tfcaps_routing_add_coupled(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel);

/* Two passes that belong together. */
struct tfcaps_routing_passes {
    void (*add_votes)(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel);
    void (*add_coupled)(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel);
    int (*suits)(const tfcaps_routing *r, const int8_t *kernel); /* NULL: any routing does */
    /* How much scratch memory they keep votes in; NULL if they never do. */
    tfcaps_status (*kept_size)(const tfcaps_capsule_dense_dims *dims, size_t *size);
    /* Quicker ones, of which the first that suits takes the place of these. NULL ends them, or stands for
     * none. */
    const tfcaps_routing_passes *const *quicker;
};

/* The same in plain C, for what a variant leaves. */
#if defined(TFCAPS_MVE) || defined(TFCAPS_RV32)
void tfcaps_routing_plain_add_votes(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel);
void tfcaps_routing_plain_add_coupled(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel);
#endif

/* e of logits that lie so many words apart, in their place, relative to that of the largest one; returns
 * their sum. For an input capsule with a logit that the table does not reach from zero. */
uint32_t tfcaps_routing_far_exps(const tfcaps_routing *r, uint32_t *logits, int32_t stride);

/* e of logits that lie so many words apart, in their place, far or not; returns their sum plus `first`. */
uint32_t tfcaps_routing_exps(const tfcaps_routing *r, uint32_t *logits, int32_t stride, uint32_t first);

/* c from e, in place, where they carry. */
void tfcaps_routing_carry(const tfcaps_routing *r, uint32_t exp_sum, uint32_t *exps, int32_t stride);

/* Whether a logit needs tfcaps_routing_far_exps; or one of several, from their table_index combined by or. */
static inline int tfcaps_is_far(uint32_t table_index) {
    return table_index >= TFCAPS_EXP_ENTRIES;
}

/* The entry of a logit in the table, if that is near. */
static inline uint32_t tfcaps_table_index(uint32_t logit, int32_t exp_shift) {
    return (uint32_t)((int32_t)logit >> exp_shift) + TFCAPS_EXP_CENTRE;
}

/* c = (e * reciprocal) >> shift */
typedef struct tfcaps_coupling_scale {
    uint32_t reciprocal; /* 2^15 ... 2^16 - 1 */
    int32_t shift;       /* 1 ... 26 */
} tfcaps_coupling_scale;

static inline tfcaps_coupling_scale tfcaps_couple(uint32_t exp_sum, int32_t narrow) {
    const int32_t k = tfcaps_clz(exp_sum);
    /* NOLINTNEXTLINE(clang-analyzer-core.BitwiseShift,clang-analyzer-core.DivideZero): no e sum is 0 */
    const tfcaps_coupling_scale scale = {UINT32_MAX / ((exp_sum << k) >> 15), 16 + narrow - k};
    return scale;
}

#endif

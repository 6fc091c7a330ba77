/* Input capsules of K = 4 that are as short as squashed ones, |u| < 128, whose votes have no shift: two
 * products of pairs make a vote where four products of bytes do otherwise. Private.
 *
 * The row w of a vote's weights is one word, and with 16 bits between two numbers
 *
 *     (w2 : w0) (x0 : x2) + (w3 : w1) (x1 : x3) = h : (w0 x2 + w1 x3)        (modulo 2^32)
 *
 * where h is the vote. It is whole as long as it fits 16 bits, and so does what is below it if half of 2^16
 * is added: |w| <= 256 and |x| < 128 in length. Bytes become numbers by 0x80808080, which makes them w + 128;
 * start takes 128 times x away. Bytes 1 and 3 are taken out, and they need not be taken out of bytes 0 and 2
 * if the multiplier of those is subtracted from theirs. */
#ifndef TFCAPS_ROUTING_SHORT_H
#define TFCAPS_ROUTING_SHORT_H

#include "tfcaps_routing.h"

/* What the weights of an input capsule are multiplied by. */
typedef struct tfcaps_short_factors {
    uint32_t even;  /* x0 : x2 */
    uint32_t odd;   /* x1 : x3, less 256 times even */
    uint32_t start; /* of a vote and what is below it */
} tfcaps_short_factors;

/* An input capsule, and what else makes exponentials of its votes. The assembly knows the offsets. */
typedef struct tfcaps_short_capsule {
    tfcaps_short_factors factors; /* 0 */
    const int16_t *v;             /* 12: [J * D] */
    const uint16_t *table;        /* 16: of exponentials */
    int32_t exp_shift;            /* 20 */
    int32_t capsules;             /* 24: J */
    int32_t dimension;            /* 28: D */
    uint32_t exp_sum;             /* 32 */
    uint32_t indices;             /* 36: of the table, combined by or */
} tfcaps_short_capsule;

/* Those of the input capsule u [4]; whether it is short enough. */
static inline int tfcaps_find_factors(const int8_t *u, int32_t zero_point, tfcaps_short_factors *factors) {
    const int32_t x0 = u[0] - zero_point;
    const int32_t x1 = u[1] - zero_point;
    const int32_t x2 = u[2] - zero_point;
    const int32_t x3 = u[3] - zero_point;
    const uint32_t even = ((uint32_t)x0 << 16) + (uint32_t)x2;
    const uint32_t odd = ((uint32_t)x1 << 16) + (uint32_t)x3;
    factors->even = even;
    factors->odd = odd - (even << 8);
    factors->start = 0x8000 - 0x00800080 * (even + odd);
    return x0 * x0 + x1 * x1 + x2 * x2 + x3 * x3 < 128 * 128;
}

/* Whether the input capsule u [4] with its transformations kernel [J * D, 4] is one; and its factors. */
static inline int tfcaps_is_short(const tfcaps_routing *r, const int8_t *u, const int8_t *kernel,
                                  tfcaps_short_capsule *capsule) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return r->params->vote_shift == 0 && (uintptr_t)kernel % 4 == 0 &&
           tfcaps_find_factors(u, r->params->input_zero_point, &capsule->factors);
#else
    (void)r, (void)u, (void)kernel, (void)capsule;
    return 0; /* a word has the first byte on top */
#endif
}

/* sums[n] += vote n for count votes. */
void tfcaps_short_add_votes(const tfcaps_short_capsule *capsule, const int8_t *kernel, uint32_t *sums,
                            int32_t count);

/* The same, with the votes to h. */
void tfcaps_short_keep_votes(const tfcaps_short_capsule *capsule, const int8_t *kernel, uint32_t *sums,
                             int32_t count, int16_t *h);

/* The votes to h [J * D], exps [J] of their logits; adds to exp_sum and indices. */
void tfcaps_short_exps(tfcaps_short_capsule *capsule, const int8_t *kernel, int16_t *h, uint32_t *exps);

#endif

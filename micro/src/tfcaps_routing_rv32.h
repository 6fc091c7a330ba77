/* Assembly of routing's inner loops for 32-bit RISC-V and input capsules of four elements; tfcaps_routing.c
 * has the same in C. Compilers move a pointer for each of the small tensors at every vote, which takes as
 * many instructions as a third of the vote itself; here a turn is several votes. Private.
 *
 * One input capsule at a time, any that there is, a vote is 4 products of bytes. Two at a time it is 2
 * products of pairs, as tfcaps_routing_short.h describes them:
 *
 *     LW, XOR; SRLI, AND; MUL by even, MUL by odd; ADD start, ADD; SRAI by 16 */
#ifndef TFCAPS_ROUTING_RV32_H
#define TFCAPS_ROUTING_RV32_H

#include "tfcaps_routing.h"

#if defined(TFCAPS_RV32)

/* An input capsule, and what else makes exponentials of its votes. The assembly knows the offsets. */
typedef struct tfcaps_rv32_capsule {
    int32_t u[4];         /* 0: without the zero point */
    int32_t half;         /* 16 */
    int32_t shift;        /* 20: of votes */
    const int16_t *v;     /* 24: [J * D] */
    const uint16_t *exps; /* 28: the table */
    int32_t exp_shift;    /* 32 */
    int32_t capsules;     /* 36: J */
    int32_t dimension;    /* 40: D */
    uint32_t exp_sum;     /* 44 */
    uint32_t indices;     /* 48: of the table, combined by or */
} tfcaps_rv32_capsule;

/* Two input capsules. The assembly knows the offsets. */
typedef struct tfcaps_rv32_pair {
    uint32_t even[2];                /* 0: x0 : x2 */
    uint32_t odd[2];                 /* 8: x1 : x3, less 256 times even */
    uint32_t start[2];               /* 16 */
    int32_t kernel_bytes;            /* 24: of an input capsule */
    const int32_t *v;                /* 28: [J * D], times 2^16 */
    int32_t *votes;                  /* 32: [J * D][2], times 2^16 */
    uint32_t *exps;                  /* 36: [J][2] */
    uint32_t *exps_end;              /* 40 */
    const uint16_t *table;           /* 44: of exponentials */
    int32_t exp_shift;               /* 48 */
    uint32_t first_logit;            /* 52: that of the table's first entry, negated */
    int32_t dimension;               /* 56: D */
    int32_t dimension_bytes;         /* 60: of an output capsule's votes */
    uint32_t exp_sums[2];            /* 64 */
    uint32_t indices;                /* 72: of the table, combined by or */
    tfcaps_coupling_scale scales[2]; /* 76 */
} tfcaps_rv32_pair;

typedef char tfcaps_rv32_offsets_are_right[sizeof(tfcaps_rv32_capsule) == 52 && sizeof(tfcaps_rv32_pair) == 92
                                               ? 1
                                               : -1];
typedef char tfcaps_rv32_table_is_right[TFCAPS_EXP_ENTRIES == 1024 && TFCAPS_EXP_CENTRE == 512 ? 1 : -1];

/* sums[n] += vote n for count votes, kernel [count, 4]. */
void tfcaps_rv32_add_votes(const tfcaps_rv32_capsule *capsule, const int8_t *kernel, uint32_t *sums,
                           int32_t count);

/* h[n] = vote n, exps[j] of their logits; adds to exp_sum and indices. */
void tfcaps_rv32_exps(tfcaps_rv32_capsule *capsule, const int8_t *kernel, int16_t *h, uint32_t *exps);

/* sums[n] += (c * h[n]) >> 16 with c = (exps[j] * reciprocal) >> shift. */
void tfcaps_rv32_add_coupled(const int16_t *h, const uint32_t *exps, uint32_t *sums, int32_t capsules,
                             int32_t dimension, uint32_t reciprocal, int32_t shift);

/* The same three for a pair: sums[n] += both votes n for count votes; */
void tfcaps_rv32_pair_sum(const tfcaps_rv32_pair *pair, const int8_t *kernel, uint32_t *sums, int32_t count);

/* its votes and exps; adds to exp_sums and sets indices; */
void tfcaps_rv32_pair_exps(tfcaps_rv32_pair *pair, const int8_t *kernel);

/* the first one with kept[n] = vote n of the first in its low half, of the second in its high one, and the
 * second one with these; */
void tfcaps_rv32_pair_keep(const tfcaps_rv32_pair *pair, const int8_t *kernel, uint32_t *sums, int32_t count,
                           uint32_t *kept);
void tfcaps_rv32_pair_kept_exps(tfcaps_rv32_pair *pair, const uint32_t *kept);

/* and sums[n] += the (c * h[n]) >> 16 of both. */
void tfcaps_rv32_pair_coupled(const tfcaps_rv32_pair *pair, uint32_t *sums);

#endif

#endif

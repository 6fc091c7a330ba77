/* Assembly of routing's inner loops for 32-bit RISC-V and input capsules of four elements; tfcaps_routing.c
 * has the same in C. Compilers move a pointer for each of the small tensors at every vote, which takes as
 * many instructions as a third of the vote itself; here a turn is several votes. Private. */
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

typedef char tfcaps_rv32_offsets_are_right[sizeof(tfcaps_rv32_capsule) == 52 ? 1 : -1];
typedef char tfcaps_rv32_table_is_right[TFCAPS_EXP_ENTRIES == 1024 && TFCAPS_EXP_CENTRE == 512 ? 1 : -1];

/* sums[n] += vote n for count votes, kernel [count, 4]. */
void tfcaps_rv32_add_votes(const tfcaps_rv32_capsule *capsule, const int8_t *kernel, uint32_t *sums,
                           int32_t count);

/* h[n] = vote n, exps[j] of their logits; adds to exp_sum and indices. */
void tfcaps_rv32_exps(tfcaps_rv32_capsule *capsule, const int8_t *kernel, int16_t *h, uint32_t *exps);

/* sums[n] += (c * h[n]) >> 16 with c = (exps[j] * reciprocal) >> shift. */
void tfcaps_rv32_add_coupled(const int16_t *h, const uint32_t *exps, uint32_t *sums, int32_t capsules,
                             int32_t dimension, uint32_t reciprocal, int32_t shift);

#endif

#endif

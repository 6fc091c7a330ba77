/* The two passes of routing over the input capsules, which take nearly all of its time: each variant of them
 * is one file. Names are those of docs/numerics.md: h votes, b logits, c couplings, A state. Private. */
#ifndef TFCAPS_ROUTING_H
#define TFCAPS_ROUTING_H

#include "tfcaps/kernels.h"

typedef struct tfcaps_routing_scratch {
    int64_t *sums;   /* [J * D] sum of weighted votes, then s in Q12 */
    int32_t *state;  /* [J * D] A, Q15; in iteration 0 the sum of votes */
    uint32_t *exps;  /* [J] b modulo 2^32, then e */
    int16_t *scaled; /* [J * D] V */
    int16_t *votes;  /* [J * D] h of one input capsule */
} tfcaps_routing_scratch;

/* Iteration 0: state[n] += the sum over all input capsules of h_in. u [I, K], kernel [I, J * D, K]. */
void tfcaps_routing_add_votes(const tfcaps_capsule_dense_params *params,
                              const tfcaps_capsule_dense_dims *dims, const int8_t *u, const int8_t *kernel,
                              const tfcaps_routing_scratch *s);

/* Any later iteration: sums[n] += the sum over all input capsules of c_ij h_in, with c by the logits of
 * scaled; exps and votes are its own. */
void tfcaps_routing_add_coupled(const tfcaps_capsule_dense_params *params,
                                const tfcaps_capsule_dense_dims *dims, const int8_t *u, const int8_t *kernel,
                                const tfcaps_routing_scratch *s);

#endif

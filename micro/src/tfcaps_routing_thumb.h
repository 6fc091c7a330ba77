/* Assembly of routing's inner loops for the Cortex-M without packed halfwords, which make one product an
 * instruction; tfcaps_routing_short.c and tfcaps_routing.c have the same in C. GCC 12 keeps what a loop over
 * output capsules needs on the stack and takes it from there in the loop over their elements, too. Private.
 */
#ifndef TFCAPS_ROUTING_THUMB_H
#define TFCAPS_ROUTING_THUMB_H

#include "tfcaps_routing_short.h"

#if defined(TFCAPS_THUMB1) || defined(TFCAPS_THUMB2)

typedef char tfcaps_thumb_offsets_are_right[sizeof(tfcaps_short_capsule) == 40 ? 1 : -1];
typedef char tfcaps_thumb_table_is_right[TFCAPS_EXP_ENTRIES == 1024 && TFCAPS_EXP_CENTRE == 512 ? 1 : -1];

/* sums[n] += (c * h[n]) >> 16 with c = (exps[j] * reciprocal) >> shift, for capsules x dimension votes. */
void tfcaps_thumb_add_coupled(const int16_t *h, const uint32_t *exps, uint32_t *sums, int32_t capsules,
                              int32_t dimension, uint32_t reciprocal, int32_t shift);

#endif

#endif

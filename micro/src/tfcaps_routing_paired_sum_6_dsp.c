#include "tfcaps_routing_paired_6.h"

#if defined(TFCAPS_DSP)

/* Twin: tfcaps_routing_add_votes_paired. K = 4, P = 3; five output capsules unrolled, entered behind those
 * that the last five lack. Sums of 256 h[d + 1] - h[d] and of h[d] stay apart, so that no vote is taken out
 * of its word. */

#define ADD                                                                                                  \
    "ldm lr, {r0-r5}\n ldm r12!, {r6, r7, r10}\n" SUM_WORD("r6", "r8", "r0", "r1")                           \
        SUM_WORD("r7", "r9", "r0", "r1")                                                                     \
            SUM_WORD("r10", "r8", "r2", "r3") "ldm r12!, {r6, r7, r10}\n" SUM_WORD("r6", "r9", "r2", "r3")   \
                SUM_WORD("r7", "r8", "r4", "r5") SUM_WORD("r10", "r9", "r4", "r5") "stm lr!, {r0-r5}\n"

/* clang-format off */
__attribute__((naked))
void tfcaps_routing_paired_sum_6(tfcaps_paired_pass *pass __attribute__((unused))) {
    __asm__(SUM_PASS(ADD, ""));
}
/* clang-format on */

#endif

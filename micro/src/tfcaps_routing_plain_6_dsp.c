#include "tfcaps_routing_plain_blocks.h"

#if defined(TFCAPS_DSP)

/* Votes of one output capsule, r0-r2. */
#define MAKE_PLAIN_VOTES                                                                                     \
    "ldm r12!, {r0-r5}\n" PLAIN_PAIR("r0", "r0", "r1") PLAIN_PAIR("r1", "r2", "r3")                          \
        PLAIN_PAIR("r2", "r4", "r5")

/* clang-format off */
__attribute__((naked))
void tfcaps_routing_plain_6(tfcaps_paired_pass *pass __attribute__((unused))) {
    __asm__(COUPLED_PASS(FIRST_HALVES, FIRST_6(MAKE_PLAIN_VOTES), SECOND_HALVES, SECOND_6(MAKE_PLAIN_VOTES), SUMS(TIMES_6), "r1"));
}
/* clang-format on */

#endif

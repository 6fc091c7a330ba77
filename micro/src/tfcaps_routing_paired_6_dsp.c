#include "tfcaps_routing_paired_6.h"

#if defined(TFCAPS_DSP)

/* clang-format off */
__attribute__((naked))
void tfcaps_routing_paired_6(tfcaps_paired_pass *pass __attribute__((unused))) {
    __asm__(COUPLED_PASS(FIRST_HALVES, FIRST_6(MAKE_VOTES), SECOND_HALVES, SECOND_6(MAKE_VOTES), SUMS(TIMES_6), "r1"));
}
/* clang-format on */

#endif

#include "tfcaps_routing_paired_6.h"

#if defined(TFCAPS_DSP)

#define FIND_VOTES "ldm r12!, {r0-r2}\n"

/* clang-format off */
__attribute__((naked))
void tfcaps_routing_paired_kept_6(tfcaps_paired_pass *pass __attribute__((unused))) {
    __asm__(COUPLED_PASS("", FIRST_6(FIND_VOTES), "", SECOND_6(FIND_VOTES), SUMS(TIMES_6), "r12"));
}
/* clang-format on */

#endif

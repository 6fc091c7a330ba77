#include "tfcaps_routing_paired_6.h"

#if defined(TFCAPS_DSP)

/* clang-format off */
__attribute__((naked))
void tfcaps_routing_paired_6(tfcaps_paired_pass *pass __attribute__((unused))) {
    __asm__(COUPLED_PASS(FIRST_HALVES, SECOND_HALVES, MAKE_VOTES, "r1"));
}
/* clang-format on */

#endif

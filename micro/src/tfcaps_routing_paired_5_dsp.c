#include "tfcaps_routing_paired_6.h"

#if defined(TFCAPS_DSP)

/* clang-format off */
__attribute__((naked))
void tfcaps_routing_paired_5(tfcaps_paired_pass *pass __attribute__((unused))) {
    __asm__(COUPLED_PASS(FIRST_HALVES, FIRST_5, SECOND_HALVES, SECOND_5, SUMS(TIMES_5), "r1"));
}
/* clang-format on */

#endif

#include "tfcaps_routing_paired_6.h"

#if defined(TFCAPS_DSP)

/* clang-format off */
__attribute__((naked))
void tfcaps_routing_paired_kept_6(tfcaps_paired_pass *pass __attribute__((unused))) {
    __asm__(COUPLED_PASS("", "", "ldm r12!, {r0-r2}\n", "r12"));
}
/* clang-format on */

#endif

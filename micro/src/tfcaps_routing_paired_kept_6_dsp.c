#include "tfcaps_routing_paired_6.h"

#if defined(TFCAPS_DSP)

/* u counts the input capsules only. */
#define SKIP "ldr r1, [r0]\n add r1, r1, #8\n str r1, [r0]\n"

/* clang-format off */
__attribute__((naked))
void tfcaps_routing_paired_kept_6(tfcaps_paired_pass *pass __attribute__((unused))) {
    __asm__(COUPLED_PASS(SKIP, "", "ldm r12!, {r0-r2}\n"));
}
/* clang-format on */

#endif

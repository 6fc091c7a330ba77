#include "tfcaps_routing_paired_6.h"

#if defined(TFCAPS_DSP)

/* As tfcaps_routing_paired_sum_6, for five outputs: the words of the last one have no other that shares them,
 * and the sum for that stays as it is. */

#define ADD                                                                                                  \
    "ldm lr, {r0-r5}\n ldm r12!, {r6, r7, r10}\n" SUM_WORD("r6", "r8", "r0", "r1") SUM_WORD("r7", "r9",      \
                                                                                            "r0", "r1")      \
        SUM_WORD("r10", "r8", "r2", "r3") "ldm r12!, {r6, r7, r10}\n" SUM_WORD(                              \
            "r6", "r9", "r2", "r3") "smlsdx r5, r8, r7, r5\n smlsdx r5, r9, r10, r5\n stm lr!, {r0-r5}\n"

/* clang-format off */
__attribute__((naked))
void tfcaps_routing_paired_sum_5(tfcaps_paired_pass *pass __attribute__((unused))) {
    __asm__(SUM_PASS(ADD, ""));
}
/* clang-format on */

#endif

#include "tfcaps_routing_paired_6.h"

#if defined(TFCAPS_DSP)

/* Sums of votes for K = 4 and six outputs or more: five blocks of six unrolled, entered behind those that the
 * last five lack; then those that are left, one by one. */

/* The sum of one output's votes, from its word of weights. */
#define WORD(w, sum)                                                                                         \
    "sxtb16 r10, " w "\n"                                                                                    \
    "sxtb16 " w ", " w ", ror #8\n"                                                                          \
    "smlad " sum ", r10, r8, " sum "\n"                                                                      \
    "smlad " sum ", " w ", r9, " sum "\n"
#define ADD                                                                                                  \
    "ldm lr, {r0-r5}\n"                                                                                      \
    "ldrd r6, r7, [r12], #8\n" WORD("r6", "r0") WORD("r7", "r1") "ldrd r6, r7, [r12], #8\n" WORD("r6", "r2") \
        WORD("r7", "r3") "ldrd r6, r7, [r12], #8\n" WORD("r6", "r4") WORD("r7", "r5") "stm lr!, {r0-r5}\n"

/* Those that are left of an input capsule. */
#define REST                                                                                                 \
    "ldr r1, [sp, #24]\n"                                                                                    \
    "cmp lr, r1\n"                                                                                           \
    "beq 5f\n"                                                                                               \
    "4:\n"                                                                                                   \
    "ldr r6, [r12], #4\n"                                                                                    \
    "ldr r2, [lr]\n" WORD("r6", "r2") "str r2, [lr], #4\n"                                                   \
                                      "cmp lr, r1\n"                                                         \
                                      "bne 4b\n"                                                             \
                                      "5:\n"

/* clang-format off */
__attribute__((naked))
void tfcaps_routing_plain_sum(tfcaps_paired_pass *pass __attribute__((unused))) {
    __asm__(SUM_PASS(ADD, REST));
}
/* clang-format on */

#endif

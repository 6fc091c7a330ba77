#include "tfcaps_routing_paired_6.h"

#if defined(TFCAPS_DSP)

/* A pair of votes from the weights of two outputs, a word each. */
#define PLAIN_PAIR(vote, a, b)                                                                               \
    "sxtb16 r6, " a "\n"                                                                                     \
    "sxtb16 " a ", " a ", ror #8\n"                                                                          \
    "smuad r6, r6, r8\n"                                                                                     \
    "smlad r6, " a ", r9, r6\n"                                                                              \
    "sxtb16 r7, " b "\n"                                                                                     \
    "sxtb16 " b ", " b ", ror #8\n"                                                                          \
    "smuad r7, r7, r8\n"                                                                                     \
    "smlad r7, " b ", r9, r7\n"                                                                              \
    "pkhbt " vote ", r6, r7, lsl #16\n"
#define MAKE_PLAIN_VOTES                                                                                     \
    "ldm r12!, {r0-r5}\n" PLAIN_PAIR("r0", "r0", "r1") PLAIN_PAIR("r1", "r2", "r3")                          \
        PLAIN_PAIR("r2", "r4", "r5")

/* clang-format off */
__attribute__((naked))
void tfcaps_routing_plain_6(tfcaps_paired_pass *pass __attribute__((unused))) {
    __asm__(COUPLED_PASS(LOAD_HALVES, LOAD_HALVES, MAKE_PLAIN_VOTES));
}
/* clang-format on */

#endif

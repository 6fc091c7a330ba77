#include "tfcaps_routing_paired_6.h"

#if defined(TFCAPS_DSP)

/* Twin: tfcaps_paired_add_votes. */

/* Votes of one output capsule, r0-r2, made, stored and added to its sums. */
#define ADD                                                                                                  \
    MAKE_VOTES                                                                                               \
    "ldm r7, {r3-r6, r10, r11}\n"                                                                            \
    "sxtah r3, r3, r0\n"                                                                                     \
    "add r4, r4, r0, asr #16\n"                                                                              \
    "sxtah r5, r5, r1\n"                                                                                     \
    "add r6, r6, r1, asr #16\n"                                                                              \
    "sxtah r10, r10, r2\n"                                                                                   \
    "add r11, r11, r2, asr #16\n"                                                                            \
    "stm r7!, {r3-r6, r10, r11}\n"                                                                           \
    "stm lr!, {r0-r2}\n"

/* r7 sums, r8, r9 input capsule, r12 kernel, lr votes. On the stack: u, its end, the zero point, -258, sums,
 * the entry, the end of the sums.
 *
 * |w| <= 254 in length. As long as |u|^2 is at most 129^2, so that |u|^2 - 258 fits 15 bits with sign, all
 * votes fit 16 bits; Q says whether one did not. */
/* clang-format off */
__attribute__((naked))
int32_t tfcaps_routing_paired_keep_6(tfcaps_paired_pass *pass __attribute__((unused))) {
    __asm__(
        "push {r4-r11, lr}\n"
        "sub sp, sp, #28\n"
        "ldr r4, [r0]\n"
        "ldr r5, [r0, #12]\n"
        "ldr r6, [r0, #8]\n"
        "movw r7, #258\n"
        "neg r7, r7\n"
        "ldr r8, [r0, #36]\n"
        "stm sp, {r4-r8}\n"
        "ldr r1, [r0, #40]\n"
        "str r1, [sp, #24]\n"
        "ldr r2, [r0, #48]\n"
        ENTRY("2f", "3f", "20")
        "ldr r12, [r0, #28]\n"
        "ldr lr, [r0, #32]\n"
        CLEAR_Q
        "ldm sp, {r1-r4, r7}\n"
        "1:\n"
        "ldr r5, [r1], #4\n"
        HALVES("r5")
        "str r1, [sp]\n"
        "smlad r4, r8, r8, r4\n"
        "smlad r4, r9, r9, r4\n"
        "ssat r4, #15, r4\n"
        "ldr pc, [sp, #20]\n"
        ".balign 4\n"
        "2:\n" ADD
        "3:\n" ADD ADD ADD ADD
        "ldr r3, [sp, #24]\n"
        "cmp r7, r3\n"
        "bne 2b\n"
        "ldm sp, {r1-r4, r7}\n"
        "cmp r1, r2\n"
        "bne 1b\n"
        "mrs r0, apsr\n"
        "lsr r0, r0, #27\n"
        "mvn r0, r0\n"
        "and r0, r0, #1\n"
        "add sp, sp, #28\n"
        "pop {r4-r11, pc}\n");
}
/* clang-format on */

#endif

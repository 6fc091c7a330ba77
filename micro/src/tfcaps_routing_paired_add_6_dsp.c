#include "tfcaps_routing_paired_6.h"

#if defined(TFCAPS_DSP)

/* Six sums of one output capsule over all input capsules. r9 from one of these to the next, r10 end, r11 the
 * output capsule, r12 sums, lr votes. */
#define ADD                                                                                                  \
    "ldm lr, {r6-r8}\n"                                                                                      \
    "add lr, lr, r9\n"                                                                                       \
    "sxtah r0, r0, r6\n"                                                                                     \
    "add r1, r1, r6, asr #16\n"                                                                              \
    "sxtah r2, r2, r7\n"                                                                                     \
    "add r3, r3, r7, asr #16\n"                                                                              \
    "sxtah r4, r4, r8\n"                                                                                     \
    "add r5, r5, r8, asr #16\n"

/* clang-format off */
__attribute__((naked))
void tfcaps_routing_paired_add_6(tfcaps_paired_pass *pass __attribute__((unused))) {
    __asm__(
        "push {r4-r11, lr}\n"
        "sub sp, sp, #12\n"
        "ldr r11, [r0, #12]\n"
        "ldr r1, [r0, #20]\n"
        "ldr r12, [r0, #16]\n"
        "ldr r10, [r0, #8]\n"
        "str r1, [sp]\n"
        "sub r9, r1, r11\n"
        "ldr r2, [r0, #40]\n"
        ENTRY("2f", "3f", "4")
        "1:\n"
        "mov lr, r11\n"
        "ldm r12, {r0-r5}\n"
        "ldr pc, [sp, #4]\n"
        ".balign 4\n"
        "2:\n" ADD
        "3:\n" ADD ADD ADD ADD
        "cmp lr, r10\n"
        "blo 2b\n"
        "stm r12!, {r0-r5}\n"
        "add r11, r11, #12\n"
        "ldr r0, [sp]\n"
        "cmp r11, r0\n"
        "bne 1b\n"
        "add sp, sp, #12\n"
        "pop {r4-r11, pc}\n");
}
/* clang-format on */

#endif

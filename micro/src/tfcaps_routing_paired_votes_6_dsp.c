#include "tfcaps_routing_paired_6.h"

#if defined(TFCAPS_DSP)

/* r11 end of the input capsule's votes, r12 kernel, lr votes. On the stack: pass, the entry, bytes of votes.
 */
#define STORE MAKE_VOTES "stm lr!, {r0-r2}\n"

/* clang-format off */
__attribute__((naked))
void tfcaps_routing_paired_votes_6(tfcaps_paired_pass *pass __attribute__((unused))) {
    __asm__(
        "push {r4-r11, lr}\n"
        "sub sp, sp, #12\n"
        "str r0, [sp]\n"
        "ldr r2, [r0, #40]\n"
        ENTRY("2f", "3f", "4")
        "ldr r12, [r0, #8]\n"
        "ldr lr, [r0, #12]\n"
        "ldr r11, [r0, #20]\n"
        "sub r1, r11, lr\n"
        "str r1, [sp, #8]\n"
        "1:\n" LOAD_HALVES
        "ldr pc, [sp, #4]\n"
        ".balign 4\n"
        "2:\n" STORE
        "3:\n" STORE STORE STORE STORE
        "cmp lr, r11\n"
        "bne 2b\n"
        "ldr r1, [sp, #8]\n"
        "ldr r0, [sp]\n"
        "add r11, r11, r1\n"
        "ldrd r1, r2, [r0]\n"
        "cmp r1, r2\n"
        "bne 1b\n"
        "add sp, sp, #12\n"
        "pop {r4-r11, pc}\n");
}
/* clang-format on */

#endif

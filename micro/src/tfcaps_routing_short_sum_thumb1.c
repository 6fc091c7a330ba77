#include "tfcaps_noinline.h"
#include "tfcaps_routing_thumb.h"

/* A vote is 12 instructions, and a turn of four 2 more.
 *
 *     r0, r4          0x00FF00FF, 0x80808080
 *     r1, r2, r9      the kernel, the sums and their end
 *     r6, r7, r8      even, odd, start
 *     r3, r5          a row; its odd bytes, then the sum
 *
 * The first turn is entered late where count is no multiple of four: every vote has 24 bytes. */
#if defined(TFCAPS_THUMB1)

TFCAPS_NAKED
void tfcaps_short_add_votes(const tfcaps_short_capsule *capsule, const int8_t *kernel, uint32_t *sums,
                            int32_t count) {
    __asm__ volatile("    .syntax unified\n"
                     "    push {r4, r5, r6, r7, lr}\n"
                     "    mov r4, r8\n"
                     "    mov r5, r9\n"
                     "    push {r4, r5}\n"
                     "    ldmia r0!, {r5, r6, r7}\n" /* even, odd, start */
                     "    mov r8, r7\n"
                     "    mov r7, r6\n"
                     "    mov r6, r5\n"
                     "    lsls r5, r3, #2\n"
                     "    adds r5, r5, r2\n"
                     "    mov r9, r5\n"
                     "    rsbs r3, r3, #0\n"
                     "    movs r5, #3\n"
                     "    ands r3, r5\n" /* votes left out of the first turn */
                     "    movs r5, #24\n"
                     "    muls r3, r5\n"
                     "    adr r5, 1f\n"
                     "    adds r3, r3, r5\n"
                     "    ldr r0, 2f\n"
                     "    ldr r4, 2f + 4\n"
                     "    mov pc, r3\n"
                     "    .balign 4\n"
                     "2:  .word 0x00FF00FF, 0x80808080\n"
                     "1:  .rept 4\n"
                     "    ldmia r1!, {r3}\n"
                     "    eors r3, r4\n"
                     "    lsrs r5, r3, #8\n"
                     "    ands r5, r0\n"
                     "    muls r3, r6\n"
                     "    muls r5, r7\n"
                     "    adds r3, r3, r5\n"
                     "    add r3, r8\n"
                     "    asrs r3, r3, #16\n"
                     "    ldr r5, [r2]\n"
                     "    adds r3, r3, r5\n"
                     "    stmia r2!, {r3}\n"
                     "    .endr\n"
                     "    cmp r2, r9\n"
                     "    bne 1b\n"
                     "    pop {r4, r5}\n"
                     "    mov r8, r4\n"
                     "    mov r9, r5\n"
                     "    pop {r4, r5, r6, r7, pc}\n");
}

#endif

#include "tfcaps_noinline.h"
#include "tfcaps_routing_thumb.h"

/* A vote is 9 instructions and half of one for the loop, an output capsule 14 more.
 *
 *     r1, r2, r3, r9  the kernel, h, v, the end of h in this output capsule
 *     r4, r5, r6, r7  even, odd, start, 0x00FF00FF
 *     r8, r11         the logit, exps
 *     r12, lr         indices, exp_sum
 *     r0, r10         a row; its odd bytes, then of v
 *     0(sp)-12(sp)    exp_shift, the table, bytes of an output capsule, the end of exps
 *     16(sp)          where the first turn of an output capsule begins
 *     20(sp)          the struct
 *
 * A turn is four votes; one that has less is entered late: every vote has 36 bytes. */
#if defined(TFCAPS_THUMB2)

TFCAPS_NAKED
void tfcaps_short_exps(tfcaps_short_capsule *capsule, const int8_t *kernel, int16_t *h, uint32_t *exps) {
    __asm__ volatile("    .syntax unified\n"
                     "    push {r4-r11, lr}\n"
                     "    sub sp, #28\n"
                     "    ldrd r4, r5, [r0, #16]\n" /* the table, exp_shift */
                     "    strd r5, r4, [sp]\n"
                     "    ldrd r4, r5, [r0, #24]\n" /* capsules, dimension */
                     "    add r4, r3, r4, lsl #2\n"
                     "    lsl r6, r5, #1\n"
                     "    strd r6, r4, [sp, #8]\n"
                     "    rsb r5, r5, #0\n"
                     "    and r5, r5, #3\n" /* votes left out of a first turn */
                     "    movs r4, #36\n"
                     "    adr r6, 2f\n"
                     "    mla r4, r4, r5, r6\n"
                     "    orr r4, r4, #1\n"
                     "    strd r4, r0, [sp, #16]\n"
                     "    ldrd lr, r12, [r0, #32]\n"
                     "    mov r11, r3\n"
                     "    ldm r0, {r3-r6}\n" /* even, odd, start, v */
                     "    mov r0, r6\n"
                     "    mov r6, r5\n"
                     "    mov r5, r4\n"
                     "    mov r4, r3\n"
                     "    mov r3, r0\n"
                     "    mov r7, #0x00FF00FF\n"
                     "    ldr r0, [sp, #8]\n"
                     "1:  add r9, r2, r0\n"
                     "    mov r8, #0\n"
                     "    ldr pc, [sp, #16]\n"
                     "    .balign 4\n"
                     "2:  .rept 4\n"
                     "    ldr.w r0, [r1], #4\n"
                     "    eor.w r0, r0, #0x80808080\n"
                     "    and.w r10, r7, r0, lsr #8\n"
                     "    mla r0, r0, r4, r6\n"
                     "    mla r0, r10, r5, r0\n"
                     "    asr.w r0, r0, #16\n"
                     "    strh.w r0, [r2], #2\n"
                     "    ldrsh.w r10, [r3], #2\n"
                     "    mla r8, r0, r10, r8\n"
                     "    .endr\n"
                     "    cmp r2, r9\n"
                     "    bne 2b\n"
                     "    ldrd r0, r10, [sp]\n"
                     "    asr r8, r8, r0\n"
                     "    add r8, r8, #512\n" /* TFCAPS_EXP_CENTRE */
                     "    orr r12, r12, r8\n"
                     "    ubfx r8, r8, #0, #10\n" /* modulo TFCAPS_EXP_ENTRIES */
                     "    ldrh r8, [r10, r8, lsl #1]\n"
                     "    ldrd r0, r10, [sp, #8]\n"
                     "    add lr, lr, r8\n"
                     "    str r8, [r11], #4\n"
                     "    cmp r11, r10\n"
                     "    bne 1b\n"
                     "    ldr r0, [sp, #20]\n"
                     "    strd lr, r12, [r0, #32]\n"
                     "    add sp, #28\n"
                     "    pop {r4-r11, pc}\n");
}

#endif

#include "tfcaps_noinline.h"
#include "tfcaps_routing_thumb.h"

/* A vote is 15 instructions and half of one for the loop, an output capsule 28 more.
 *
 *     r0, r4          0x00FF00FF, 0x80808080
 *     r1, r2, r11     the kernel, h and its end in this output capsule
 *     r6, r7, r8      even, odd, start
 *     r9, r10         from h to v in bytes, the logit
 *     r12, lr         exps, where the first turn of an output capsule begins
 *     r3, r5          a row; its odd bytes, then of v
 *     0(sp)-20(sp)    exp_shift, the table, exp_sum, indices, the end of exps, bytes of an output capsule
 *     24(sp)          the struct
 *
 * A turn is four votes; one that has less is entered late: every vote has 30 bytes. */
#if defined(TFCAPS_THUMB1)

TFCAPS_NAKED
void tfcaps_short_exps(tfcaps_short_capsule *capsule, const int8_t *kernel, int16_t *h, uint32_t *exps) {
    __asm__ volatile("    .syntax unified\n"
                     "    push {r4, r5, r6, r7, lr}\n"
                     "    mov r4, r8\n"
                     "    mov r5, r9\n"
                     "    mov r6, r10\n"
                     "    mov r7, r11\n"
                     "    push {r4, r5, r6, r7}\n"
                     "    sub sp, #28\n"
                     "    str r0, [sp, #24]\n"
                     "    mov r12, r3\n"
                     "    ldr r4, [r0, #20]\n"
                     "    ldr r5, [r0, #16]\n"
                     "    str r4, [sp, #0]\n"
                     "    str r5, [sp, #4]\n"
                     "    ldr r4, [r0, #32]\n"
                     "    ldr r5, [r0, #36]\n"
                     "    str r4, [sp, #8]\n"
                     "    str r5, [sp, #12]\n"
                     "    ldr r4, [r0, #24]\n"
                     "    ldr r5, [r0, #28]\n"
                     "    lsls r4, r4, #2\n"
                     "    adds r4, r4, r3\n"
                     "    str r4, [sp, #16]\n"
                     "    lsls r4, r5, #1\n"
                     "    str r4, [sp, #20]\n"
                     "    rsbs r5, r5, #0\n"
                     "    movs r4, #3\n"
                     "    ands r5, r4\n" /* votes left out of a first turn */
                     "    movs r4, #30\n"
                     "    muls r5, r4\n"
                     "    adr r4, 2f\n"
                     "    adds r5, r5, r4\n"
                     "    mov lr, r5\n"
                     "    ldr r4, [r0, #12]\n"
                     "    subs r4, r4, r2\n"
                     "    mov r9, r4\n"
                     "    ldmia r0!, {r5, r6, r7}\n" /* even, odd, start */
                     "    mov r8, r7\n"
                     "    mov r7, r6\n"
                     "    mov r6, r5\n"
                     "    ldr r0, 3f\n"
                     "    ldr r4, 3f + 4\n"
                     "1:  movs r3, #0\n"
                     "    mov r10, r3\n"
                     "    ldr r3, [sp, #20]\n"
                     "    adds r3, r3, r2\n"
                     "    mov r11, r3\n"
                     "    mov pc, lr\n"
                     "    .balign 4\n"
                     "3:  .word 0x00FF00FF, 0x80808080\n"
                     "2:  .rept 4\n"
                     "    ldmia r1!, {r3}\n"
                     "    eors r3, r4\n"
                     "    lsrs r5, r3, #8\n"
                     "    ands r5, r0\n"
                     "    muls r3, r6\n"
                     "    muls r5, r7\n"
                     "    adds r3, r3, r5\n"
                     "    add r3, r8\n"
                     "    asrs r3, r3, #16\n"
                     "    strh r3, [r2]\n"
                     "    mov r5, r9\n"
                     "    ldrsh r5, [r2, r5]\n"
                     "    muls r5, r3\n"
                     "    add r10, r5\n"
                     "    adds r2, #2\n"
                     "    .endr\n"
                     "    cmp r2, r11\n"
                     "    bne 2b\n"
                     "    ldr r3, [sp, #0]\n"
                     "    mov r5, r10\n"
                     "    asrs r5, r3\n"
                     "    movs r3, #2\n"
                     "    lsls r3, r3, #8\n"
                     "    adds r5, r5, r3\n" /* TFCAPS_EXP_CENTRE */
                     "    ldr r3, [sp, #12]\n"
                     "    orrs r3, r5\n"
                     "    str r3, [sp, #12]\n"
                     "    lsls r5, r5, #22\n" /* modulo TFCAPS_EXP_ENTRIES */
                     "    lsrs r5, r5, #21\n"
                     "    ldr r3, [sp, #4]\n"
                     "    ldrh r5, [r3, r5]\n"
                     "    mov r3, r12\n"
                     "    stmia r3!, {r5}\n"
                     "    mov r12, r3\n"
                     "    ldr r3, [sp, #8]\n"
                     "    adds r3, r3, r5\n"
                     "    str r3, [sp, #8]\n"
                     "    ldr r3, [sp, #16]\n"
                     "    cmp r3, r12\n"
                     "    bne 1b\n"
                     "    ldr r0, [sp, #24]\n"
                     "    ldr r4, [sp, #8]\n"
                     "    ldr r5, [sp, #12]\n"
                     "    str r4, [r0, #32]\n"
                     "    str r5, [r0, #36]\n"
                     "    add sp, #28\n"
                     "    pop {r4, r5, r6, r7}\n"
                     "    mov r8, r4\n"
                     "    mov r9, r5\n"
                     "    mov r10, r6\n"
                     "    mov r11, r7\n"
                     "    pop {r4, r5, r6, r7, pc}\n");
}

#endif

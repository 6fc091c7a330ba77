/* The six words of weights of a window of 3 x 3 at stride 1 stay in registers for a whole row of outputs. Two
 * at a time are 18 MAC in 31 instructions: 12 products, 4 loads, 10 that make them, 5 around that.
 *
 *     r4-r9       weights
 *     r10, r11    inputs
 *     r12, lr     twice the sums
 *     r1, r3      multiplier, what is added
 *     r0, r2      where inputs come from and outputs go
 *
 * The last output of an odd number has another one made with it, which is stored in its place before it. */
#include "tfcaps_depthwise_paired.h"
#include "tfcaps_noinline.h"

#if defined(TFCAPS_DSP)

#define BIAS "#0" /* twice, both times doubled */
#define SHIFT "#8"
#define STEP "#12"    /* with where the inputs end */
#define PLANE "#20"   /* with the weights */
#define OUTPUT "#28"  /* with the channels */
#define COLUMNS "#36" /* with the step from one to the next */
#define FRAME "#44"

#define ROW(FIRST, SECOND)                                                                                   \
    "    smlad r12, " FIRST ", r10, r12\n"                                                                   \
    "    smlabt lr, " FIRST ", r10, lr\n"                                                                    \
    "    smlatb r12, " SECOND ", r11, r12\n"                                                                 \
    "    smlad lr, " SECOND ", r11, lr\n"

TFCAPS_NAKED void tfcaps_depthwise_planes_3x3(const tfcaps_depthwise_pass *pass) {
    __asm__ volatile(
        ".syntax unified\n"
        "    push {r4-r11, lr}\n"
        "    sub sp, " FRAME "\n"
        "    ldm r0, {r1-r8}\n" /* words, weights, columns, rows, form, output, step, channels */
        "    strd r1, r2, [sp, " PLANE "]\n"
        "    strd r6, r8, [sp, " OUTPUT "]\n"
        "    strd r3, r7, [sp, " COLUMNS "]\n"

        "1:  ldrd r0, r12, [sp, " PLANE "]\n"
        "    ldm r12!, {r1, r3, r10, r11}\n"
        "    ldm r12!, {r4-r9}\n"
        "    strd r11, r11, [sp, " BIAS "]\n"
        "    str r10, [sp, " SHIFT "]\n"
        "    add r2, r0, #40\n"
        "    strd r2, r12, [sp, " PLANE "]\n" /* the next channel's */
        "    ldrd r10, r11, [sp, " COLUMNS "]\n"
        "    bic r12, r10, #1\n"
        "    add r12, r0, r12, lsl #1\n"
        "    strd r11, r12, [sp, " STEP "]\n"
        "    ldr r2, [sp, " OUTPUT "]\n"
        "    cmp r10, #1\n"
        "    beq 3f\n"

        "2:  ldrd r12, lr, [sp, " BIAS "]\n"
        "    ldrd r10, r11, [r0, #160]\n" ROW("r6", "r7") "    ldrd r10, r11, [r0, #320]\n" ROW(
            "r8", "r9") "    ldrd r10, r11, [r0], #4\n" ROW("r4", "r5") "    add r11, r3, r12, asr #31\n"
                                                                        "    ldr r10, [sp, " SHIFT "]\n"
                                                                        "    smmlar r12, r12, r1, r11\n"
                                                                        "    add r11, r3, lr, asr #31\n"
                                                                        "    asr r12, r12, r10\n"
                                                                        "    smmlar lr, lr, r1, r11\n"
                                                                        "    asr lr, lr, r10\n"
                                                                        "    ldrd r10, r11, [sp, " STEP "]\n"
                                                                        "    ssat r12, #8, r12\n"
                                                                        "    ssat lr, #8, lr\n"
                                                                        "    strb lr, [r2, r10]\n"
                                                                        "    strb r12, [r2]\n"
                                                                        "    add r2, r2, r10, lsl #1\n"
                                                                        "    cmp r0, r11\n"
                                                                        "    bne 2b\n"

                                                                        "    cmp r10, #0\n"
                                                                        "    beq 4f\n"
                                                                        "    ldr r12, [sp, " COLUMNS "]\n"
                                                                        "    lsls r12, r12, #31\n"
                                                                        "    beq 4f\n"
                                                                        "3:  mov r10, #0\n"
                                                                        "    add r11, r0, #4\n"
                                                                        "    strd r10, r11, [sp, " STEP "]\n"
                                                                        "    b 2b\n"

                                                                        "4:  ldrd r4, r5, [sp, " OUTPUT "]\n"
                                                                        "    add r4, r4, #1\n"
                                                                        "    subs r5, r5, #1\n"
                                                                        "    strd r4, r5, [sp, " OUTPUT "]\n"
                                                                        "    bne 1b\n"
                                                                        "    add sp, " FRAME "\n"
                                                                        "    pop {r4-r11, pc}\n");
}

#endif

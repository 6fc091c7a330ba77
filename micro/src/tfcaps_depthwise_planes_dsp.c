/* Four outputs at a time leave eight registers for weights and inputs, which are enough for a row of taps.
 * A row and the instructions around it:
 *
 *     NEXT_3      3 loads, 8 products, 2 for the loop: 13 for 12 MAC
 *     NEXT_5      3 loads, 12 products, 2: 17 for 20 MAC
 *     APART_3     3 loads, 8 products, 2: 13 for 12 MAC
 *     APART_5     3 loads, 12 products, 2: 17 for 20 MAC
 *
 *     r4-r7       twice the sums
 *     r8-r11      inputs
 *     r2, r3, r12 weights
 *     r0, r1      where inputs and weights come from
 *     lr          rows to come
 *
 * Then four outputs are made, 5 instructions each. Fewer outputs than four are made by entering there later:
 * their sums are of whatever lies behind the plane. */
#include "tfcaps_depthwise_paired.h"
#include "tfcaps_noinline.h"

#if defined(TFCAPS_DSP)

#define WORDS "#0" /* for each four outputs, in the order in which they are loaded: with weights, */
#define BEGIN "#8" /* four times twice the bias, and rows */
#define ROWS "#24"
#define ROUTINE "#28"
#define STAGE "#32"   /* multiplier, what is added, shift, */
#define OUTPUTS "#44" /* the first and the second output, */
#define STEP "#52"
#define ENTRY "#56" /* and where the outputs begin */
#define LEFT "#60"  /* outputs to come, with ADVANCE: bytes from four outputs' words to the next ones */
#define ADVANCE "#64"
#define PLANE "#68"      /* with COLUMNS */
#define OUTPUT "#76"     /* with CHANNELS */
#define NEXT_PLANE "#84" /* bytes from one to the next */
#define FRAME "#88"

/* One output: X is twice its sum. What is added is one less below zero, so that halves go away from it. */
#define MAKE(X, ADDRESS)                                                                                     \
    "    add.w r11, r3, " X ", asr #31\n"                                                                    \
    "    smmlar " X ", " X ", r2, r11\n"                                                                     \
    "    asr.w " X ", " X ", r8\n"                                                                           \
    "    ssat " X ", #8, " X "\n"                                                                            \
    "    strb.w " X ", " ADDRESS "\n"

#define NEXT_ROW(ROW)                                                                                        \
    "    subs lr, lr, #1\n"                                                                                  \
    "    bne " ROW "b\n"

TFCAPS_NAKED void tfcaps_depthwise_planes(const tfcaps_depthwise_pass *pass) {
    __asm__ volatile(
        ".syntax unified\n"
        "    push {r4-r11, lr}\n"
        "    sub sp, " FRAME "\n"
        "    ldm r0, {r0-r7}\n" /* words, weights, columns, rows, form, output, step, channels */
        "    str r3, [sp, " ROWS "]\n"
        "    adr r8, 80f\n"
        "    ldr r9, [r8, r4, lsl #2]\n"
        "    add r9, r9, r8\n"
        "    str r9, [sp, " ROUTINE "]\n"
        "    lsls r12, r4, #31\n"
        "    ite eq\n"
        "    moveq r12, #40\n"
        "    movne r12, #24\n"
        "    str r12, [sp, " NEXT_PLANE "]\n"
        "    and r4, r4, #2\n" /* of stride 2 */
        "    add r4, r4, #2\n"
        "    lsl r4, r4, #2\n"
        "    strd r2, r4, [sp, " LEFT "]\n"
        "    strd r0, r2, [sp, " PLANE "]\n"
        "    strd r5, r7, [sp, " OUTPUT "]\n"
        "    mov r8, r6\n"

        "1:  ldm r1!, {r3, r4, r5, r7}\n" /* a channel: its stage and bias, output and step in r5 and r8 */
        "    strd r3, r4, [sp, " STAGE "]\n"
        "    str r5, [sp, " STAGE " + 8]\n"
        "    mov r4, r7\n"
        "    mov r5, r7\n"
        "    mov r6, r7\n"
        "    stm sp, {r0, r1, r4, r5, r6, r7}\n"
        "    ldr r3, [sp, " OUTPUT "]\n"
        "    adr.w r9, 4f + 1\n"
        "    add r4, r3, r8\n"
        "    add r12, sp, " OUTPUTS "\n"
        "    stm r12, {r3, r4, r8, r9}\n"
        "    ldr r4, [sp, " LEFT "]\n"

        "2:  cmp r4, #4\n"
        "    bge 3f\n"
        "    adr.w r9, 4f + 1\n"
        "    rsb r4, r4, #4\n"
        "    mov r3, #20\n" /* bytes of what makes an output */
        "    mla r9, r3, r4, r9\n"
        "    str r9, [sp, " ENTRY "]\n"
        "3:  ldm.w sp, {r0, r1, r4, r5, r6, r7, lr}\n"
        "    ldr pc, [sp, " ROUTINE "]\n"

        "    .balign 4\n"
        "80: .word 10f - 80b + 1, 11f - 80b + 1, 12f - 80b + 1, 13f - 80b + 1\n"

        "10: ldrd r2, r3, [r1], #8\n" /* NEXT_3 */
        "    ldr r10, [r0, #8]\n"
        "    ldrd r8, r9, [r0], #160\n"
        "    smlad r4, r2, r8, r4\n"
        "    smlabt r5, r2, r8, r5\n"
        "    smlad r6, r2, r9, r6\n"
        "    smlabt r7, r2, r9, r7\n"
        "    smlatb r4, r3, r9, r4\n"
        "    smlad r5, r3, r9, r5\n"
        "    smlatb r6, r3, r10, r6\n"
        "    smlad r7, r3, r10, r7\n" NEXT_ROW(
            "10") "    b.w 70f\n"

                  "11: ldm r1!, {r2, r3, r11, r12}\n" /* NEXT_5 */
                  "    ldm r0!, {r8, r9, r10}\n"
                  "    smlad r4, r2, r8, r4\n"
                  "    smlabt r5, r2, r8, r5\n"
                  "    ldr r8, [r0], #84\n"
                  "    smlad r6, r2, r9, r6\n"
                  "    smlabt r7, r2, r9, r7\n"
                  "    smlad r4, r3, r9, r4\n"
                  "    smlad r5, r11, r9, r5\n"
                  "    smlad r6, r3, r10, r6\n"
                  "    smlad r7, r11, r10, r7\n"
                  "    smlatb r4, r12, r10, r4\n"
                  "    smlad r5, r12, r10, r5\n"
                  "    smlatb r6, r12, r8, r6\n"
                  "    smlad r7, r12, r8, r7\n" NEXT_ROW(
                      "11") "    b.w 70f\n"

                            "12: ldrd r2, r3, [r1], #8\n" /* APART_3 */
                            "    ldm r0!, {r8-r11}\n"
                            "    ldr r12, [r0], #144\n"
                            "    smlad r4, r2, r8, r4\n"
                            "    smlad r5, r2, r9, r5\n"
                            "    smlad r6, r2, r10, r6\n"
                            "    smlad r7, r2, r11, r7\n"
                            "    smlabb r4, r3, r9, r4\n"
                            "    smlabb r5, r3, r10, r5\n"
                            "    smlabb r6, r3, r11, r6\n"
                            "    smlabb r7, r3, r12, r7\n" NEXT_ROW(
                                "12") "    b.w 70f\n"

                                      "13: ldm r1!, {r2, r3, r12}\n" /* APART_5 */
                                      "    ldm r0!, {r8-r11}\n"
                                      "    smlad r4, r2, r8, r4\n"
                                      "    smlad r5, r2, r9, r5\n"
                                      "    smlad r6, r2, r10, r6\n"
                                      "    smlad r7, r2, r11, r7\n"
                                      "    ldrd r8, r2, [r0], #80\n"
                                      "    smlad r4, r3, r9, r4\n"
                                      "    smlad r5, r3, r10, r5\n"
                                      "    smlad r6, r3, r11, r6\n"
                                      "    smlad r7, r3, r8, r7\n"
                                      "    smlabb r4, r12, r10, r4\n"
                                      "    smlabb r5, r12, r11, r5\n"
                                      "    smlabb r6, r12, r8, r6\n"
                                      "    smlabb r7, r12, r2, r7\n" NEXT_ROW("13")

                                          "70: add r0, sp, " STAGE "\n"
                                          "    ldm r0, {r2, r3, r8, r9, r10, r12, pc}\n"
                                          "    .balign 4\n"
                                          "4:\n" MAKE("r7", "[r10, r12, lsl #1]") MAKE("r6", "[r10, r12]")
                                              MAKE("r5", "[r10]") MAKE("r4", "[r9]")

                                                  "    ldrd r4, r5, [sp, " LEFT "]\n"
                                                  "    subs r4, r4, #4\n"
                                                  "    ble 5f\n"
                                                  "    ldr r0, [sp, " WORDS "]\n"
                                                  "    add r9, r9, r12, lsl #2\n"
                                                  "    add r10, r10, r12, lsl #2\n"
                                                  "    add r0, r0, r5\n"
                                                  "    str r4, [sp, " LEFT "]\n"
                                                  "    strd r9, r10, [sp, " OUTPUTS "]\n"
                                                  "    str r0, [sp, " WORDS "]\n"
                                                  "    b 2b\n"

                                                  "5:  ldrd r5, r7, [sp, " OUTPUT "]\n"
                                                  "    ldrd r0, r2, [sp, " PLANE "]\n"
                                                  "    subs r7, r7, #1\n"
                                                  "    beq 6f\n"
                                                  "    add r5, r5, #1\n"
                                                  "    ldr r4, [sp, " NEXT_PLANE "]\n"
                                                  "    add r0, r0, r4\n"
                                                  "    strd r5, r7, [sp, " OUTPUT "]\n"
                                                  "    str r0, [sp, " PLANE "]\n"
                                                  "    str r2, [sp, " LEFT "]\n"
                                                  "    mov r8, r12\n"
                                                  "    b 1b\n"
                                                  "6:  add sp, " FRAME "\n"
                                                  "    pop {r4-r11, pc}\n");
}

#endif

/* A block of two filters and two columns leaves eight registers for operands, so one load can fetch four
 * words: four steps of a pair's weights, two steps of inputs, two steps of two single filters.
 *
 *     pairs     4 steps are 32 products in 23 instructions: 3 loads, 4 that take out the low bytes, 16
 * products single    2 steps are 16 products in 10 instructions: 2 loads, 8 products
 *
 *     r0-r3     the sums of a block
 *     r4-r7     weights
 *     r8-r11    inputs
 *     r12       where the weights come from; starts and stages lie among them
 *     lr        where the inputs come from
 *
 * All registers are in use; the rest is on the stack, addresses of code too: what a pass does with a block is
 * decided once. A loop of UNROLL turns is entered where what is left fills it, after the steps that do not
 * fill a turn. */
#include "tfcaps_noinline.h"
#include "tfcaps_paired.h"
#include "tfcaps_variant.h"

#if defined(TFCAPS_DSP)

#define OUTPUT_END "#0" /* the first seven in the order of tfcaps_paired_blocks_pass */
#define OUTPUT "#8"
#define SKIP "#12" /* with SUMS */
#define SUMS "#16" /* with SUMS_END */
#define COLUMNS "#24"
#define END "#28"    /* of the columns */
#define ENTRY "#32"  /* the ways: where the steps of a block begin */
#define LOOP "#36"   /* where the loop is entered */
#define TURNED "#40" /* where it goes on after UNROLL turns */
#define BLOCK "#44"  /* what a block begins with, with FINISH */
#define FINISH "#48" /* and ends with */
#define FRAME "#52"

#define UNROLL "14"

#define PRODUCTS(FIRST, SECOND, INPUT0, INPUT1)                                                              \
    "    smlad r0, " FIRST ", " INPUT0 ", r0\n"                                                              \
    "    smlad r1, " FIRST ", " INPUT1 ", r1\n"                                                              \
    "    smlad r2, " SECOND ", " INPUT0 ", r2\n"                                                             \
    "    smlad r3, " SECOND ", " INPUT1 ", r3\n"

#define PAIR(WEIGHTS, INPUT0, INPUT1)                                                                        \
    "    smlad r2, " WEIGHTS ", " INPUT0 ", r2\n"                                                            \
    "    smlad r3, " WEIGHTS ", " INPUT1 ", r3\n"                                                            \
    "    sxtb16 " WEIGHTS ", " WEIGHTS "\n"                                                                  \
    "    smlad r0, " WEIGHTS ", " INPUT0 ", r0\n"                                                            \
    "    smlad r1, " WEIGHTS ", " INPUT1 ", r1\n"

#define INPUTS "    ldm lr!, {r8-r11}\n"

/* Carried on, high in place of raw: lr is SUMS. */
#define CARRY                                                                                                \
    "    ldr lr, [sp, " SUMS "]\n"                                                                           \
    "    ldrd r8, r9, [lr, #-8]\n"                                                                           \
    "    sub r2, r2, r0\n"                                                                                   \
    "    sub r3, r3, r1\n"                                                                                   \
    "    add r2, r8, r2, asr #8\n"                                                                           \
    "    add r3, r9, r3, asr #8\n"

#define BEGIN_FROM_SUMS                                                                                      \
    "    ldrd r4, lr, [sp, " SKIP "]\n"                                                                      \
    "    add r12, r12, r4\n"                                                                                 \
    "    ldm lr!, {r0-r3}\n"                                                                                 \
    "    str lr, [sp, " SUMS "]\n"                                                                           \
    "    ldr lr, [sp, " COLUMNS "]\n"

/* One filter at both columns: twice its sums in X0 and X1 become its outputs, with the stage at r12. What is
 * added is one less below zero, so that halves go away from it. */
#define OUTPUTS(X0, X1)                                                                                      \
    "    ldm r12!, {r8, r9, r10}\n"                                                                          \
    "    add r4, r9, " X0 ", asr #31\n"                                                                      \
    "    add r5, r9, " X1 ", asr #31\n"                                                                      \
    "    smmlar " X0 ", " X0 ", r8, r4\n"                                                                    \
    "    smmlar " X1 ", " X1 ", r8, r5\n"                                                                    \
    "    asr " X0 ", " X0 ", r10\n"                                                                          \
    "    asr " X1 ", " X1 ", r10\n"                                                                          \
    "    ssat " X0 ", #8, " X0 "\n"                                                                          \
    "    ssat " X1 ", #8, " X1 "\n"                                                                          \
    "    strb " X1 ", [lr, r7]\n"                                                                            \
    "    strb " X0 ", [lr], #1\n"

/* Where UNROLL turns end and more may follow. */
#define ANOTHER(AGAIN, HERE)                                                                                 \
    "    ldr pc, [sp, " TURNED "]\n" HERE ": ldr r8, [sp, " END "]\n"                                        \
    "    cmp lr, r8\n"                                                                                       \
    "    bne.w " AGAIN "\n"                                                                                  \
    "    ldr pc, [sp, " FINISH "]\n"

TFCAPS_NAKED void tfcaps_paired_blocks(tfcaps_paired_blocks_pass *pass) {
    __asm__ volatile(
        ".syntax unified\n"
        "    push {r4-r11, lr}\n"
        "    ldm r0!, {r1-r7}\n"
        "    sub sp, " FRAME "\n"
        "    stm sp, {r1-r7}\n"
        "    ldm r0, {r8, r9, r10, r12, lr}\n" /* steps, form, task, weights, the first way */
        "    sub r12, r12, r4\n"               /* SKIP, which comes before the first block too */
        "    add r7, r7, r8, lsl #3\n"
        "    str r7, [sp, " END "]\n"
        "    add r0, r0, #16\n"
        "    cmp lr, #0\n"
        "    beq 1f\n"
        "    ldm r0, {r1-r5}\n"
        "    add r0, sp, " ENTRY "\n"
        "    stm r0, {r1-r5}\n"
        "    bx r4\n"

        "1:  add r10, r10, r9, lsl #1\n" /* pairs 0 ... 2, carried 3 and 4, single 4 + 0 */
        "    cmp r9, #2\n"
        "    it eq\n"
        "    moveq r10, #5\n"
        "    adr r11, 80f\n"
        "    add r10, r11, r10, lsl #3\n"
        "    ldrd r3, r1, [r10]\n"
        "    add r3, r3, r11\n"
        "    add r1, r1, r11\n"
        "    strd r3, r1, [r0, #12]\n"
        "    adr.w r4, 21f\n" /* of pairs: the loop, its end, behind the steps before it */
        "    adr.w r5, 29f\n"
        "    adr.w r6, 20f\n"
        "    mov r7, #92\n" /* bytes of a turn, and of such a step */
        "    mov r10, #28\n"
        "    mov r2, #2\n" /* steps of a turn: 1 << r2 */
        "    bne 1f\n"
        "    adr.w r4, 31f\n" /* of single weights */
        "    adr.w r5, 39f\n"
        "    adr.w r6, 30f\n"
        "    mov r7, #40\n"
        "    mov r10, #24\n"
        "    mov r2, #1\n"
        "1:  lsr r3, r8, r2\n" /* turns */
        "    lsl r2, r3, r2\n"
        "    sub r2, r8, r2\n" /* steps before them */
        "    mov r11, #" UNROLL "\n"
        "    cmp r3, r11\n"
        "    ite ls\n"
        "    movls r5, r1\n"
        "    addhi r5, r5, #1\n"
        "    str r5, [r0, #8]\n"
        "    udiv r5, r3, r11\n"
        "    mls r5, r5, r11, r3\n" /* turns that do not fill the loop */
        "    cbz r5, 2f\n"
        "    sub r5, r11, r5\n"
        "2:  mla r4, r5, r7, r4\n"
        "    add r4, r4, #1\n"
        "    cmp r3, #0\n"
        "    it eq\n"
        "    moveq r4, r1\n"
        "    mls r6, r2, r10, r6\n"
        "    add r6, r6, #1\n"
        "    cmp r2, #0\n"
        "    it eq\n"
        "    moveq r6, r4\n"
        "    strd r6, r4, [r0]\n"
        "    ldm r0, {r1-r5}\n"
        "    add r0, sp, " ENTRY "\n"
        "    stm r0, {r1-r5}\n"
        "    bx r4\n"

        "    .balign 4\n"
        "80: .word 10f - 80b + 1, 53f - 80b + 1\n" /* pairs: all, some, last */
        "    .word 11f - 80b + 1, 50f - 80b + 1\n"
        "    .word 11f - 80b + 1, 53f - 80b + 1\n"
        "    .word 12f - 80b + 1, 51f - 80b + 1\n" /* carried: some, last */
        "    .word 12f - 80b + 1, 52f - 80b + 1\n"
        "    .word 10f - 80b + 1, 55f - 80b + 1\n" /* single: all */

        "10: ldm r12!, {r0-r3}\n" /* a block from its starts */
        "    ldr lr, [sp, " COLUMNS "]\n"
        "    ldr pc, [sp, " ENTRY "]\n"

        "11:\n" BEGIN_FROM_SUMS /* from its sums */
        "    ldr pc, [sp, " ENTRY "]\n"

        "12:\n" BEGIN_FROM_SUMS /* the same, high in memory, and raw from low on */
        "    mov r2, r0\n"
        "    mov r3, r1\n"
        "    ldr pc, [sp, " ENTRY "]\n"

        "    .balign 4\n" /* pairs */
        "    .rept 3\n"
        "    ldr.w r4, [r12], #4\n"
        "    ldrd r8, r9, [lr], #8\n" PAIR(
            "r4", "r8",
            "r9") "    .endr\n"
                  "20: ldr.w pc, [sp, " LOOP "]\n"
                  "21:\n"
                  "    .rept " UNROLL "\n"
                  "    ldm r12!, {r4-r7}\n" INPUTS PAIR("r4", "r8", "r9") PAIR("r5", "r10", "r11")
                      INPUTS PAIR("r6", "r8", "r9") PAIR("r7", "r10", "r11") "    .endr\n" ANOTHER("21b",
                                                                                                   "29")

                          "    .balign 4\n" /* single weights */
                          "    ldrd r4, r5, [r12], #8\n"
                          "    ldrd r8, r9, [lr], #8\n" PRODUCTS(
                              "r4", "r5", "r8",
                              "r9") "30: ldr.w pc, [sp, " LOOP "]\n"
                                    "31:\n"
                                    "    .rept " UNROLL "\n"
                                    "    ldm r12!, {r4-r7}\n" INPUTS PRODUCTS("r4", "r5", "r8", "r9")
                                        PRODUCTS("r6", "r7", "r10", "r11") "    .endr\n" ANOTHER("31b", "39")

                                            "51:\n" CARRY "50: ldrd lr, r4, [sp, " SUMS "]\n" /* to sums */
                                            "    stmdb lr, {r0-r3}\n"
                                            "    cmp lr, r4\n"
                                            "    beq 60f\n"
                                            "    ldr pc, [sp, " BLOCK "]\n"

                                            "52:\n" CARRY /* to outputs */
                                            "    lsl r2, r2, #1\n"
                                            "    lsl r3, r3, #1\n"
                                            "    b 54f\n"
                                            "53: sub r2, r2, r0\n"
                                            "    sub r3, r3, r1\n"
                                            "    asr r2, r2, #7\n"
                                            "    asr r3, r3, #7\n"
                                            "54: lsl r0, r0, #1\n"
                                            "    lsl r1, r1, #1\n"
                                            "55: ldm sp, {r6, r7, lr}\n" OUTPUTS("r0", "r1")
                                                OUTPUTS("r2", "r3") "    str lr, [sp, " OUTPUT "]\n"
                                                                    "    cmp lr, r6\n"
                                                                    "    beq 60f\n"
                                                                    "    ldr pc, [sp, " BLOCK "]\n"

                                                                    "60: add sp, " FRAME "\n"
                                                                    "    pop {r4-r11, pc}\n");
}

#endif

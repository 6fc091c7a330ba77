/* Two taps, two columns and four filters are 16 products in 12 instructions: two loads, which fetch two words
 * each, two that take the low bytes out of the pairs of filters, and eight products. All fourteen registers
 * are in use; of the same in C, GCC 12 makes 17 instructions.
 *
 *     r0-r7     the sums of a block, in its order
 *     r8, r9    a step of both columns
 *     r10, r11  a step of both pairs of filters
 *     r12       weights
 *     lr        columns
 *
 * The stack holds the rest: */
#include "tfcaps_noinline.h"
#include "tfcaps_paired.h"
#include "tfcaps_variant.h"

#if defined(TFCAPS_DSP)

#define COLUMNS "#0"
#define END "#4"       /* of the columns */
#define BEGIN "#8"     /* where the loop is entered, so that the first turn does what does not fill one */
#define FINISH "#12"   /* where it goes on */
#define FROM "#16"     /* the next block's sums to begin with */
#define SUMS "#20"     /* and where they go */
#define SUMS_END "#24" /* of the last block */
#define SKIP "#28"     /* bytes between a block's weights and the next's */
#define FRAME "#32"

#define UNROLL "28"
#define STEP_CODE "48" /* bytes of a step's instructions */

TFCAPS_NAKED void tfcaps_paired_sums(const uint32_t *columns, int32_t steps, const int32_t *weights,
                                     int32_t block_words, int32_t carried, const uint32_t *from,
                                     uint32_t *sums, int32_t blocks) {
    __asm__ volatile(".syntax unified\n"
                     "    push {r4-r11, lr}\n"
                     "    ldrd r4, r5, [sp, #40]\n" /* from, sums */
                     "    ldr r6, [sp, #48]\n"      /* blocks */
                     "    ldr r8, [sp, #36]\n"      /* carried */
                     "    sub sp, " FRAME "\n"
                     "    mov r12, r2\n"
                     "    add r7, r0, r1, lsl #3\n"
                     "    strd r0, r7, [sp, " COLUMNS "]\n"
                     "    lsl r3, r3, #2\n"
                     "    sub r3, r3, r1, lsl #3\n"
                     "    str r3, [sp, " SKIP "]\n"
                     "    strd r4, r5, [sp, " FROM "]\n"
                     "    add r6, r5, r6, lsl #5\n"
                     "    str r6, [sp, " SUMS_END "]\n"
                     "    mov r7, #" UNROLL "\n" /* steps % UNROLL, and where the last so many begin */
                     "    udiv r6, r1, r7\n"
                     "    mls r6, r6, r7, r1\n"
                     "    adr r5, 3f\n"
                     "    cbz r6, 0f\n"
                     "    sub r6, r7, r6\n"
                     "    mov r7, #" STEP_CODE "\n"
                     "    mla r5, r6, r7, r5\n"
                     "0:  orr r5, r5, #1\n"
                     "    adr.w r6, 4f\n"
                     "    adr.w r7, 5f\n"
                     "    cmp r8, #0\n"
                     "    it ne\n"
                     "    movne r6, r7\n"
                     "    orr r6, r6, #1\n"
                     "    strd r5, r6, [sp, " BEGIN "]\n"
                     "    bne 2f\n"

                     "1:  ldr lr, [sp, " FROM "]\n" /* a block: raw and low */
                     "    ldm lr!, {r0-r7}\n"
                     "    str lr, [sp, " FROM "]\n"
                     "    ldr r8, [sp, " BEGIN "]\n"
                     "    ldr lr, [sp, " COLUMNS "]\n"
                     "    bx r8\n"

                     "2:  ldr lr, [sp, " FROM
                     "]\n" /* a block: high, which waits, and low, with which raw begins */
                     "    add lr, lr, #16\n"
                     "    ldm lr, {r4-r7}\n"
                     "    ldm lr, {r0-r3}\n"
                     "    ldr r8, [sp, " BEGIN "]\n"
                     "    ldr lr, [sp, " COLUMNS "]\n"
                     "    bx r8\n"

                     "    .balign 4\n"
                     "3:\n"
                     "    .rept " UNROLL "\n"
                     "    ldrd r8, r9, [lr], #8\n"
                     "    ldrd r10, r11, [r12], #8\n"
                     "    smlad r0, r10, r8, r0\n"
                     "    smlad r1, r10, r9, r1\n"
                     "    smlad r2, r11, r8, r2\n"
                     "    smlad r3, r11, r9, r3\n"
                     "    sxtb16 r10, r10\n"
                     "    sxtb16 r11, r11\n"
                     "    smlad r4, r10, r8, r4\n"
                     "    smlad r5, r10, r9, r5\n"
                     "    smlad r6, r11, r8, r6\n"
                     "    smlad r7, r11, r9, r7\n"
                     "    .endr\n"
                     "    ldr r8, [sp, " END "]\n"
                     "    cmp lr, r8\n"
                     "    bne.w 3b\n"
                     "    ldr pc, [sp, " FINISH "]\n"

                     "    .balign 4\n"
                     "4:  ldrd r8, r9, [sp, " SUMS "]\n" /* and SUMS_END */
                     "    stm r8!, {r0-r7}\n"
                     "    str r8, [sp, " SUMS "]\n"
                     "    ldr r10, [sp, " SKIP "]\n"
                     "    add r12, r12, r10\n"
                     "    cmp r8, r9\n"
                     "    bne.w 1b\n"
                     "    b.w 6f\n"

                     "    .balign 4\n"
                     "5:  ldr lr, [sp, " FROM "]\n" /* high and what this part adds to it */
                     "    ldm lr!, {r8-r11}\n"
                     "    add lr, lr, #16\n"
                     "    str lr, [sp, " FROM "]\n"
                     "    sub r0, r0, r4\n"
                     "    sub r1, r1, r5\n"
                     "    sub r2, r2, r6\n"
                     "    sub r3, r3, r7\n"
                     "    add r0, r8, r0, asr #8\n"
                     "    add r1, r9, r1, asr #8\n"
                     "    add r2, r10, r2, asr #8\n"
                     "    add r3, r11, r3, asr #8\n"
                     "    ldrd r8, r9, [sp, " SUMS "]\n"
                     "    stm r8!, {r0-r7}\n"
                     "    str r8, [sp, " SUMS "]\n"
                     "    ldr r10, [sp, " SKIP "]\n"
                     "    add r12, r12, r10\n"
                     "    cmp r8, r9\n"
                     "    bne.w 2b\n"

                     "6:  add sp, " FRAME "\n"
                     "    pop {r4-r11, pc}\n");
}

#endif

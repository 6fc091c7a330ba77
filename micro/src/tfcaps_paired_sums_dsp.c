/* Two taps, two columns and four filters are 16 products in 12 instructions: two loads, which fetch two words
 * each, two that take the low bytes out of the pairs of filters, and eight products. All fourteen registers
 * are in use, which no compiler at hand manages without spilling: GCC 12 needs a third more.
 *
 *     r0-r7     the sums of a block, in its order
 *     r8, r9    a step of both columns
 *     r10, r11  a step of both pairs of filters
 *     r12       weights
 *     lr        columns
 *
 * The stack holds the rest: */
#include "tfcaps_paired.h"
#include "tfcaps_variant.h"

#if defined(TFCAPS_DSP)
#include "tfcaps_dsp.h"

#define COLUMNS "#0"
#define END "#4"       /* of the columns */
#define BEGIN "#8"     /* where the loop is entered, so that the first turn does what does not fill one */
#define FROM "#12"     /* the next block's sums to begin with */
#define SUMS "#16"     /* and where they go */
#define SUMS_END "#20" /* of the last block */
#define SKIP "#24"     /* bytes between a block's weights and the next's */
#define FRAME "#28"

#define UNROLL "28"    /* steps */
#define STEP_CODE "48" /* bytes of a step's instructions */

TFCAPS_NAKED void tfcaps_paired_sums(const uint32_t *columns, int32_t steps, const int32_t *weights,
                                     int32_t block_words, const uint32_t *from, uint32_t *sums,
                                     int32_t blocks) {
    (void)columns, (void)steps, (void)weights, (void)block_words, (void)from, (void)sums, (void)blocks;
    __asm__ volatile(".syntax unified\n"
                     "    push {r4-r11, lr}\n"
                     "    ldrd r4, r5, [sp, #36]\n" /* from, sums */
                     "    ldr r6, [sp, #44]\n"      /* blocks */
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
                     "    adr r5, 2f\n"
                     "    cbz r6, 0f\n"
                     "    sub r6, r7, r6\n"
                     "    mov r7, #" STEP_CODE "\n"
                     "    mla r5, r6, r7, r5\n"
                     "0:  orr r5, r5, #1\n"
                     "    str r5, [sp, " BEGIN "]\n"
                     "1:  ldr lr, [sp, " FROM "]\n"
                     "    ldm lr!, {r0-r7}\n"
                     "    str lr, [sp, " FROM "]\n"
                     "    ldr r8, [sp, " BEGIN "]\n"
                     "    ldr lr, [sp, " COLUMNS "]\n"
                     "    bx r8\n"
                     "    .balign 4\n"
                     "2:\n"
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
                     "    bne.w 2b\n"
                     "    ldrd r8, r9, [sp, " SUMS "]\n" /* and SUMS_END */
                     "    stm r8!, {r0-r7}\n"
                     "    str r8, [sp, " SUMS "]\n"
                     "    ldr r10, [sp, " SKIP "]\n"
                     "    add r12, r12, r10\n"
                     "    cmp r8, r9\n"
                     "    bne.w 1b\n"
                     "    add sp, " FRAME "\n"
                     "    pop {r4-r11, pc}\n");
}

#endif

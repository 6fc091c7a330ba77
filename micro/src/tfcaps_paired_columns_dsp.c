/* Four bytes of both columns become two steps in seven instructions: what is stored at once lies in registers
 * in its order, which GCC 12 does not bring about. Rows may be as short as one byte, so that what surrounds
 * those is assembly too. How a row goes on is decided once, as addresses of code:
 *
 *     r0, r1         the columns
 *     r2             bytes from behind a row's fours to the next row
 *     r3             rows to come
 *     r4-r6, r8      bytes and halfwords
 *     r7, r9         turns of the loop of fours, to come and all
 *     r10            where a row's fours begin
 *     r11            where it goes on after a turn
 *     r12            words
 *     lr             where it goes on behind its fours */
#include "tfcaps_noinline.h"
#include "tfcaps_paired.h"
#include "tfcaps_variant.h"

#if defined(TFCAPS_DSP)

#define BACK "#0" /* on the stack: from an odd byte to that of the row before */
#define ARGUMENTS "#44"

/* A step of the bytes at FIRST and SECOND. */
#define TWO_BYTES(FIRST, SECOND)                                                                             \
    "    ldrsb r4, [r0, " FIRST "]\n"                                                                        \
    "    ldrsb r5, [r1, " FIRST "]\n"                                                                        \
    "    ldrsb r6, [r0, " SECOND "]\n"                                                                       \
    "    ldrsb r8, [r1, " SECOND "]\n"                                                                       \
    "    pkhbt r4, r4, r6, lsl #16\n"                                                                        \
    "    pkhbt r5, r5, r8, lsl #16\n"                                                                        \
    "    strd r4, r5, [r12], #8\n"

/* Of two rows whose odd bytes meet, the FIRST goes on at HERE, the other one at THERE. */
#define ROWS_THAT_MEET(HERE, THERE, OUTER, ODD)                                                              \
    HERE ":\n" OUTER "    subs r3, r3, #1\n"                                                                 \
         "    beq 8f\n"                                                                                      \
         "    add lr, lr, #(" THERE "f - " HERE "b)\n"                                                       \
         "    add r0, r0, r2\n"                                                                              \
         "    add r1, r1, r2\n"                                                                              \
         "    bx r10\n"                                                                                      \
         "8:  ldrsb r4, [r0, " ODD "]\n" /* there is no other */                                             \
         "    ldrsb r5, [r1, " ODD "]\n"                                                                     \
         "    strd r4, r5, [r12], #8\n"                                                                      \
         "    b.w 9f\n" THERE ":\n" OUTER "    sub lr, lr, #(" THERE "b - " HERE "b)\n"                      \
         "    ldr r8, [sp, " BACK "]\n"                                                                      \
         "    ldrsb r4, [r0, r8]\n"                                                                          \
         "    ldrsb r5, [r1, r8]\n"                                                                          \
         "    ldrsb r6, [r0, " ODD "]\n"                                                                     \
         "    ldrsb r8, [r1, " ODD "]\n"                                                                     \
         "    pkhbt r4, r4, r6, lsl #16\n"                                                                   \
         "    pkhbt r5, r5, r8, lsl #16\n"                                                                   \
         "    strd r4, r5, [r12], #8\n"                                                                      \
         "    b.w 40f\n"

#define UNROLL "4"
#define FOUR_CODE "28" /* bytes of its instructions */

TFCAPS_NAKED void tfcaps_paired_columns(const int8_t *column0, const int8_t *column1, int32_t size,
                                        int32_t rows, int32_t step, int32_t together, uint32_t *words) {
    __asm__ volatile(
        ".syntax unified\n"
        "    push {r4-r11, lr}\n"
        "    sub sp, #8\n"
        "    ldrd r4, r5, [sp, " ARGUMENTS "]\n" /* step, together */
        "    ldr r12, [sp, #52]\n"
        "    and r6, r2, #3\n" /* bytes behind a row's fours */
        "    lsr r9, r2, #2\n" /* fours */
        "    sub r2, r4, r9, lsl #2\n"
        "    lsr r8, r6, #1\n" /* of three, the odd byte is the middle one */
        "    and r8, r8, r6\n"
        "    sub r8, r8, r4\n"
        "    str r8, [sp, " BACK "]\n"
        "    cmp r5, #1\n"
        "    ite eq\n"
        "    addeq r5, r6, #4\n" /* rows by themselves: 4 ... 7; of one and of three bytes 8 too */
        "    movne r5, r6\n"
        "    adr r4, 60f\n"
        "    ldr r5, [r4, r5, lsl #2]\n"
        "    add lr, r4, r5\n"
        "    adr r4, 21f\n"
        "    rsb r5, r9, #0\n"
        "    and r5, r5, #3\n"
        "    mov r6, #" FOUR_CODE "\n"
        "    mla r10, r5, r6, r4\n"
        "    add r10, r10, #1\n"
        "    adr r11, 25f\n"
        "    add r9, r9, #3\n"
        "    lsrs r9, r9, #2\n"
        "    it eq\n"
        "    addeq r10, r11, #1\n" /* no fours at all */
        "    cmp r9, #1\n"
        "    it hi\n"
        "    subhi r11, r11, #(25f - 24f)\n"
        "    add r11, r11, #1\n"
        "    mov r7, r9\n"
        "    bx r10\n"

        "    .balign 4\n"
        "60: .word 30f - 60b + 1, 31f - 60b + 1, 32f - 60b + 1, 33f - 60b + 1\n"
        "    .word 30f - 60b + 1, 35f - 60b + 1, 32f - 60b + 1, 37f - 60b + 1\n"

        "21:\n"
        "    .rept " UNROLL "\n"
        "    ldr r6, [r0], #4\n"
        "    ldr r8, [r1], #4\n"
        "    sxtb16 r4, r6\n"
        "    sxtb16 r5, r8\n"
        "    sxtb16 r6, r6, ror #8\n"
        "    sxtb16 r8, r8, ror #8\n"
        "    stm.w r12!, {r4, r5, r6, r8}\n"
        "    .endr\n"
        "    bx r11\n"
        "    .balign 4\n"
        "24: subs r7, r7, #1\n"
        "    bne 21b\n"
        "    mov r7, r9\n"
        "    .balign 4\n"
        "25: bx lr\n"

        "    .balign 4\n" ROWS_THAT_MEET("31", "34", "", "#0") "    .balign 4\n" ROWS_THAT_MEET(
            "33", "38", TWO_BYTES("#0", "#2"), "#1")

            "37:\n" TWO_BYTES("#0", "#2") "    ldrsb r4, [r0, #1]\n"
                                          "    ldrsb r5, [r1, #1]\n"
                                          "    b 36f\n"
                                          "35: ldrsb r4, [r0]\n"
                                          "    ldrsb r5, [r1]\n"
                                          "36: strd r4, r5, [r12], #8\n"
                                          "    b 40f\n"
                                          "32:\n" TWO_BYTES("#0", "#1") "30:\n"
                                                                        "40: add r0, r0, r2\n"
                                                                        "    add r1, r1, r2\n"
                                                                        "    subs r3, r3, #1\n"
                                                                        "    it ne\n"
                                                                        "    bxne r10\n"
                                                                        "9:  add sp, #8\n"
                                                                        "    pop {r4-r11, pc}\n");
}

#endif

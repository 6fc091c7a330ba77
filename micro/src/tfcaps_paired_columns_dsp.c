#include "tfcaps_noinline.h"
#include "tfcaps_paired.h"
#include "tfcaps_variant.h"

#if defined(TFCAPS_DSP)
#include "tfcaps_dsp.h"

/* Two words of each column, from four bytes at FROM of both; in eight instructions, of which GCC 12 makes
 * eleven, as it stores word by word. */
#define TWO_STEPS(FROM, FIRST, SECOND)                                                                       \
    do {                                                                                                     \
        uint32_t bytes0, bytes1, halves0, halves1;                                                           \
        __asm__ volatile("ldr %3, [%0" FROM "\n\t"                                                           \
                         "ldr %4, [%1" FROM "\n\t"                                                           \
                         "sxtb16 %5, %3" FIRST "\n\t"                                                        \
                         "sxtb16 %6, %4" FIRST "\n\t"                                                        \
                         "strd %5, %6, [%2], #8\n\t"                                                         \
                         "sxtb16 %5, %3" SECOND "\n\t"                                                       \
                         "sxtb16 %6, %4" SECOND "\n\t"                                                       \
                         "strd %5, %6, [%2], #8"                                                             \
                         : "+r"(column0), "+r"(column1), "+r"(words), "=&r"(bytes0), "=&r"(bytes1),          \
                           "=&r"(halves0), "=&r"(halves1)                                                    \
                         :                                                                                   \
                         : "memory");                                                                        \
    } while (0)

#define FOUR_BYTES() TWO_STEPS("], #4", "", ", ror #8")

/* The last three bytes of a run of more, with the one before them where there is no fourth. */
#define THREE_BYTES() TWO_STEPS(", #-1]", ", ror #8", ", ror #16")

/* A step of three bytes that are a whole run. */
static TFCAPS_NOINLINE uint32_t *three_alone(const int8_t *column0, const int8_t *column1, uint32_t *words) {
    words[0] = tfcaps_halves(column0[0], column0[2]);
    words[1] = tfcaps_halves(column1[0], column1[2]);
    words[2] = (uint32_t)column0[1];
    words[3] = (uint32_t)column1[1];
    return words + 4;
}

void tfcaps_paired_columns(const int8_t *column0, const int8_t *column1, int32_t size, int32_t runs,
                           int32_t step, uint32_t *words) {
    const int32_t turn = step - (size & ~3);
    for (; runs > 0; --runs) {
        int32_t left = size;
        for (; left >= 16; left -= 16) {
            FOUR_BYTES();
            FOUR_BYTES();
            FOUR_BYTES();
            FOUR_BYTES();
        }
        for (; left >= 4; left -= 4) {
            FOUR_BYTES();
        }
        if (left == 0) {
            /* the run is whole */
        } else if (left == 3) {
            if (size > 4) {
                THREE_BYTES();
            } else {
                words = three_alone(column0, column1, words);
            }
        } else if (left == 2) {
            words[0] = tfcaps_halves(column0[0], column0[1]);
            words[1] = tfcaps_halves(column1[0], column1[1]);
            words += 2;
        } else {
            words[0] = (uint32_t)column0[0];
            words[1] = (uint32_t)column1[0];
            words += 2;
        }
        column0 += turn;
        column1 += turn;
    }
}

#endif

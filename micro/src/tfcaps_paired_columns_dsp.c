#include "tfcaps_paired.h"
#include "tfcaps_variant.h"

#if defined(TFCAPS_DSP)
#include "tfcaps_dsp.h"

/* Two words of each column. */
#define STORE(even0, even1, odd0, odd1)                                                                      \
    do {                                                                                                     \
        words[0] = (even0);                                                                                  \
        words[1] = (even1);                                                                                  \
        words[2] = (odd0);                                                                                   \
        words[3] = (odd1);                                                                                   \
        words += 4;                                                                                          \
        __asm__("" : "+r"(column0), "+r"(column1), "+r"(words) : : "memory");                                \
    } while (0)

#define FOUR_BYTES()                                                                                         \
    do {                                                                                                     \
        const uint32_t bytes0 = tfcaps_load_4(column0);                                                      \
        const uint32_t bytes1 = tfcaps_load_4(column1);                                                      \
        column0 += 4;                                                                                        \
        column1 += 4;                                                                                        \
        STORE(tfcaps_even_bytes(bytes0), tfcaps_even_bytes(bytes1), tfcaps_odd_bytes(bytes0),                \
              tfcaps_odd_bytes(bytes1));                                                                     \
    } while (0)

/* The last three bytes of a run of more, with the one before them where there is no fourth. */
#define THREE_BYTES()                                                                                        \
    do {                                                                                                     \
        const uint32_t bytes0 = tfcaps_load_4(column0 - 1);                                                  \
        const uint32_t bytes1 = tfcaps_load_4(column1 - 1);                                                  \
        STORE(tfcaps_odd_bytes(bytes0), tfcaps_odd_bytes(bytes1), tfcaps_even_bytes_turned(bytes0),          \
              tfcaps_even_bytes_turned(bytes1));                                                             \
    } while (0)

static uint32_t *last_bytes(const int8_t *column0, const int8_t *column1, int32_t size, uint32_t *words) {
    if (size == 1) {
        words[0] = (uint32_t)*column0;
        words[1] = (uint32_t)*column1;
        return words + 2;
    }
    const int32_t second = size - 1; /* 0 and 1, or 0 and 2 and then 1 */
    words[0] = tfcaps_halves(column0[0], column0[second]);
    words[1] = tfcaps_halves(column1[0], column1[second]);
    if (size == 2) {
        return words + 2;
    }
    words[2] = (uint32_t)column0[1];
    words[3] = (uint32_t)column1[1];
    return words + 4;
}

void tfcaps_paired_columns(const int8_t *column0, const int8_t *column1, int32_t size, int32_t runs,
                           int32_t step, uint32_t *words) {
    const int32_t last = size & 3;
    const int32_t turn = step - (size - last);
    for (; runs > 0; --runs) {
        for (int32_t left = size >> 4; left > 0; --left) {
            FOUR_BYTES();
            FOUR_BYTES();
            FOUR_BYTES();
            FOUR_BYTES();
        }
        for (int32_t left = (size >> 2) & 3; left > 0; --left) {
            FOUR_BYTES();
        }
        if (last == 3 && size > 4) {
            THREE_BYTES();
        } else if (last > 0) {
            words = last_bytes(column0, column1, last, words);
        }
        column0 += turn;
        column1 += turn;
    }
}

#endif

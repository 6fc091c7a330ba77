#include "tfcaps_interleaved.h"

static inline uint32_t pair(int8_t first, int8_t second) {
    return (uint32_t)first + ((uint32_t)second << 16);
}

void tfcaps_interleaved_columns(const int8_t *const columns[4], int32_t size, uint32_t *words) {
    const int8_t *column0 = columns[0];
    const int8_t *column1 = columns[1];
    const int8_t *column2 = columns[2];
    const int8_t *column3 = columns[3];
    for (; size >= 4; size -= 4) { /* one end of a loop for four taps */
        words[0] = pair(column0[0], column1[0]);
        words[1] = pair(column2[0], column3[0]);
        words[2] = pair(column0[1], column1[1]);
        words[3] = pair(column2[1], column3[1]);
        words[4] = pair(column0[2], column1[2]);
        words[5] = pair(column2[2], column3[2]);
        words[6] = pair(column0[3], column1[3]);
        words[7] = pair(column2[3], column3[3]);
        column0 += 4;
        column1 += 4;
        column2 += 4;
        column3 += 4;
        words += 8;
    }
    for (; size > 0; --size) {
        *words++ = pair(*column0++, *column1++);
        *words++ = pair(*column2++, *column3++);
    }
}

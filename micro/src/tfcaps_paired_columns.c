#include "tfcaps_paired.h"
#include "tfcaps_variant.h"

#if !defined(TFCAPS_DSP)

static uint32_t pair(int8_t first, int8_t second) {
    return ((uint32_t)first & 0xFFFFu) | ((uint32_t)second << 16);
}

/* All of a row but its odd byte. */
static uint32_t *one_row(const int8_t *column0, const int8_t *column1, int32_t size, uint32_t *words) {
    for (; size >= 4; size -= 4) {
        words[0] = pair(column0[0], column0[2]);
        words[1] = pair(column1[0], column1[2]);
        words[2] = pair(column0[1], column0[3]);
        words[3] = pair(column1[1], column1[3]);
        column0 += 4;
        column1 += 4;
        words += 4;
    }
    if (size >= 2) {
        words[0] = pair(column0[0], column0[size - 1]);
        words[1] = pair(column1[0], column1[size - 1]);
        words += 2;
    }
    return words;
}

void tfcaps_paired_columns(const int8_t *column0, const int8_t *column1, tfcaps_paired_rows *rows) {
    const int32_t size = rows->size;
    const int32_t odd = size % 4 == 3 ? size - 2 : size - 1;
    uint32_t *words = rows->words;
    for (int32_t row = 0; row < rows->rows; ++row) {
        const int8_t *row0 = column0 + row * rows->step;
        const int8_t *row1 = column1 + row * rows->step;
        words = one_row(row0, row1, size, words);
        if (size % 2 == 0) {
            continue;
        }
        if (row % rows->together != 0) {
            words[0] = pair((row0 - rows->step)[odd], row0[odd]);
            words[1] = pair((row1 - rows->step)[odd], row1[odd]);
            words += 2;
        } else if (rows->together == 1 || row + 1 == rows->rows) {
            words[0] = pair(row0[odd], 0);
            words[1] = pair(row1[odd], 0);
            words += 2;
        }
    }
}

#endif

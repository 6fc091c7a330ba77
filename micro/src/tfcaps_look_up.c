#include "tfcaps_lookup.h"

#if !defined(TFCAPS_MVE) && !defined(TFCAPS_RVV)

void tfcaps_look_up(const int8_t *table, int32_t size, const int8_t *input, int8_t *output) {
    const int8_t *middle = table + 128;
    for (; size >= 4; size -= 4) {
        output[0] = middle[input[0]];
        output[1] = middle[input[1]];
        output[2] = middle[input[2]];
        output[3] = middle[input[3]];
        input += 4;
        output += 4;
    }
    for (int32_t n = 0; n < size; ++n) {
        output[n] = middle[input[n]];
    }
}

#endif

/* The loop of tfcaps_lookup_s8, one variant a file. Private. */
#ifndef TFCAPS_LOOKUP_H
#define TFCAPS_LOOKUP_H

#include "tfcaps_variant.h"
#include <stdint.h>

/* output[n] = table[input[n] + 128]; input and output may be the same. */
void tfcaps_look_up(const int8_t *table, int32_t size, const int8_t *input, int8_t *output);

#endif

#include "tfcaps_lookup.h"

#if defined(TFCAPS_MVE)

#include <arm_mve.h>

void tfcaps_look_up(const int8_t *table, int32_t size, const int8_t *input, int8_t *output) {
    const uint8x16_t middle = vdupq_n_u8(128);
    for (; size >= 16; size -= 16) {
        const uint8x16_t entries = veorq_u8(vldrbq_u8((const uint8_t *)input), middle);
        vstrbq_s8(output, vldrbq_gather_offset_s8(table, entries));
        input += 16;
        output += 16;
    }
    if (size > 0) {
        const mve_pred16_t lanes = vctp8q((uint32_t)size);
        const uint8x16_t entries = veorq_u8(vldrbq_z_u8((const uint8_t *)input, lanes), middle);
        vstrbq_p_s8(output, vldrbq_gather_offset_z_s8(table, entries, lanes), lanes);
    }
}

#endif

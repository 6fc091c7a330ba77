#include "tfcaps_lookup.h"

#if defined(TFCAPS_RVV)

#include <riscv_vector.h>

void tfcaps_look_up(const int8_t *table, int32_t size, const int8_t *input, int8_t *output) {
    while (size > 0) {
        const size_t vl = __riscv_vsetvl_e8m8((size_t)size);
        const vuint8m8_t entries =
            __riscv_vxor_vx_u8m8(__riscv_vle8_v_u8m8((const uint8_t *)input, vl), 128, vl);
        __riscv_vse8_v_i8m8(output, __riscv_vluxei8_v_i8m8(table, entries, vl), vl);
        input += vl;
        output += vl;
        size -= (int32_t)vl;
    }
}

#endif

#include "tfcaps_patches.h"

#if defined(TFCAPS_RVV)

#include <riscv_vector.h>

void tfcaps_patch_copy(int8_t *column, int32_t position, const int8_t *source, int32_t size) {
    column += position;
    while (size > 0) {
        const size_t vl = __riscv_vsetvl_e8m8((size_t)size);
        __riscv_vse8_v_i8m8(column, __riscv_vle8_v_i8m8(source, vl), vl);
        column += vl;
        source += vl;
        size -= (int32_t)vl;
    }
}

void tfcaps_patch_fill(int8_t *column, int32_t position, int32_t value, int32_t size) {
    column += position;
    while (size > 0) {
        const size_t vl = __riscv_vsetvl_e8m8((size_t)size);
        __riscv_vse8_v_i8m8(column, __riscv_vmv_v_x_i8m8((int8_t)value, vl), vl);
        column += vl;
        size -= (int32_t)vl;
    }
}

void tfcaps_patch_gather(int8_t *column, const int8_t *source, const uint16_t *offsets, int32_t size) {
    while (size > 0) {
        const size_t vl = __riscv_vsetvl_e8m4((size_t)size);
        const vuint16m8_t from = __riscv_vle16_v_u16m8(offsets, vl);
        __riscv_vse8_v_i8m4(column, __riscv_vluxei16_v_i8m4(source, from, vl), vl);
        column += vl;
        offsets += vl;
        size -= (int32_t)vl;
    }
}

void tfcaps_patch_start(const uint32_t *start, int32_t filters, uint32_t *sums) {
    while (filters > 0) {
        const size_t vl = __riscv_vsetvl_e32m8((size_t)filters);
        const vuint32m8_t values = __riscv_vle32_v_u32m8(start, vl);
        for (int32_t column = 0; column < TFCAPS_PATCH_COLUMNS; ++column) {
            __riscv_vse32_v_u32m8(sums + column * TFCAPS_PATCH_FILTERS, values, vl);
        }
        start += vl;
        sums += vl;
        filters -= (int32_t)vl;
    }
}

uint32_t tfcaps_byte_sum(const int8_t *bytes, int32_t size) {
    vint32m1_t sum = __riscv_vmv_s_x_i32m1(0, 1);
    while (size > 0) {
        const size_t vl = __riscv_vsetvl_e8m4((size_t)size);
        const vint16m8_t wide = __riscv_vwadd_vx_i16m8(__riscv_vle8_v_i8m4(bytes, vl), 0, vl);
        sum = __riscv_vwredsum_vs_i16m8_i32m1(wide, sum, vl);
        bytes += vl;
        size -= (int32_t)vl;
    }
    return (uint32_t)__riscv_vmv_x_s_i32m1_i32(sum);
}

/* Two filters at both columns. */
static void two_filters(const int8_t *patch, int32_t size, const int8_t *kernel0, const int8_t *kernel1,
                        uint32_t *sums) {
    uint32_t *sums1 = sums + TFCAPS_PATCH_FILTERS;
    const int8_t *patch1 = patch + TFCAPS_PATCH_UNIT;
    vint32m1_t sum00 = __riscv_vmv_s_x_i32m1((int32_t)sums[0], 1);
    vint32m1_t sum01 = __riscv_vmv_s_x_i32m1((int32_t)sums[1], 1);
    vint32m1_t sum10 = __riscv_vmv_s_x_i32m1((int32_t)sums1[0], 1);
    vint32m1_t sum11 = __riscv_vmv_s_x_i32m1((int32_t)sums1[1], 1);
    while (size > 0) {
        const size_t vl = __riscv_vsetvl_e8m4((size_t)size);
        const vint8m4_t x0 = __riscv_vle8_v_i8m4(patch, vl);
        const vint8m4_t x1 = __riscv_vle8_v_i8m4(patch1, vl);
        const vint8m4_t w0 = __riscv_vle8_v_i8m4(kernel0, vl);
        {
            const vint16m8_t p0 = __riscv_vwmul_vv_i16m8(x0, w0, vl);
            const vint16m8_t p1 = __riscv_vwmul_vv_i16m8(x1, w0, vl);
            sum00 = __riscv_vwredsum_vs_i16m8_i32m1(p0, sum00, vl);
            sum10 = __riscv_vwredsum_vs_i16m8_i32m1(p1, sum10, vl);
        }
        const vint8m4_t w1 = __riscv_vle8_v_i8m4(kernel1, vl);
        {
            const vint16m8_t p0 = __riscv_vwmul_vv_i16m8(x0, w1, vl);
            const vint16m8_t p1 = __riscv_vwmul_vv_i16m8(x1, w1, vl);
            sum01 = __riscv_vwredsum_vs_i16m8_i32m1(p0, sum01, vl);
            sum11 = __riscv_vwredsum_vs_i16m8_i32m1(p1, sum11, vl);
        }
        patch += vl;
        patch1 += vl;
        kernel0 += vl;
        kernel1 += vl;
        size -= (int32_t)vl;
    }
    sums[0] = (uint32_t)__riscv_vmv_x_s_i32m1_i32(sum00);
    sums[1] = (uint32_t)__riscv_vmv_x_s_i32m1_i32(sum01);
    sums1[0] = (uint32_t)__riscv_vmv_x_s_i32m1_i32(sum10);
    sums1[1] = (uint32_t)__riscv_vmv_x_s_i32m1_i32(sum11);
}

void tfcaps_patch_dots(const int8_t *patch, int32_t size, const int8_t *kernel, int32_t kernel_stride,
                       int32_t filters, uint32_t *sums) {
    for (; filters > 1; filters -= 2) {
        two_filters(patch, size, kernel, kernel + kernel_stride, sums);
        kernel += 2 * kernel_stride;
        sums += 2;
    }
    if (filters > 0) {
        two_filters(patch, size, kernel, kernel, sums);
    }
}

#endif

/* Several inner products over the same bytes at once: each one loaded serves more than one. Private. */
#ifndef TFCAPS_DOT_BLOCK_H
#define TFCAPS_DOT_BLOCK_H

#include "tfcaps_noinline.h"
#include "tfcaps_variant.h"
#include <stdint.h>

/* The bytes of one inner product, in rows of size that lie so many bytes apart. */
typedef struct tfcaps_dot_rows {
    int32_t rows;
    int32_t size;
    int32_t input_step;
    int32_t kernel_step;
} tfcaps_dot_rows;

/* sums[n] += kernel n . (input - zero_point) for four kernels that lie kernel_stride apart. As all sums here,
 * they wrap where the reference overflows. */
void tfcaps_dot_4x1(const tfcaps_dot_rows *bytes, const int8_t *input, int32_t zero_point,
                    const int8_t *kernel, int32_t kernel_stride, uint32_t sums[4]);

/* The block of filters and columns that the registers have room for:
 *
 *     sums[TFCAPS_BLOCK_FILTERS * column + filter] += kernel filter . input column
 *
 * Kernels lie kernel_stride bytes apart and columns input_stride. No alignment is promised but that of sums.
 */
void tfcaps_dot_block(const tfcaps_dot_rows *bytes, const int8_t *input, int32_t input_stride,
                      const int8_t *kernel, int32_t kernel_stride, uint32_t *sums);

/* Its shape here, and which file defines it: of tfcaps_dot_block_*.c, each is for one of these names. Of
 * eight low registers of Arm compilers make no two by two. Helium and RISC-V vectors go by tfcaps_patches.h.
 */
#if defined(TFCAPS_DSP)
#define TFCAPS_BLOCK_DSP
#define TFCAPS_BLOCK_FILTERS 2
#define TFCAPS_BLOCK_COLUMNS 2
#elif defined(TFCAPS_THUMB1)
#define TFCAPS_BLOCK_2X2_THUMB1
#define TFCAPS_BLOCK_FILTERS 2
#define TFCAPS_BLOCK_COLUMNS 2
#elif defined(__thumb__) && !defined(__thumb2__)
#define TFCAPS_BLOCK_2X1
#define TFCAPS_BLOCK_FILTERS 2
#define TFCAPS_BLOCK_COLUMNS 1
#elif defined(__arm__)
#define TFCAPS_BLOCK_2X2
#define TFCAPS_BLOCK_FILTERS 2
#define TFCAPS_BLOCK_COLUMNS 2
#elif defined(TFCAPS_RV32)
#define TFCAPS_BLOCK_4X4_RV32
#define TFCAPS_BLOCK_FILTERS 4
#define TFCAPS_BLOCK_COLUMNS 4
#else
#define TFCAPS_BLOCK_4X2
#define TFCAPS_BLOCK_FILTERS 4
#define TFCAPS_BLOCK_COLUMNS 2
#endif

/* Between two taps: what is before this stays before. Without it GCC adds up the products of four taps first
 * and loads all their bytes ahead, for which no processor here has the registers. */
#if defined(__GNUC__)
#define TFCAPS_TAP_END(a, b, c, d) __asm__("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d) : : "memory")
#else
#define TFCAPS_TAP_END(a, b, c, d) ((void)0)
#endif

/* Moves a pointer on: by the load itself where there are loads that do that. */
#if defined(__thumb2__)
#define TFCAPS_STEP(pointer)                                                                                 \
    do {                                                                                                     \
        ++(pointer);                                                                                         \
        __asm__("" : "+r"(pointer));                                                                         \
    } while (0)
#else
#define TFCAPS_STEP(pointer) ((void)++(pointer))
#endif

#endif

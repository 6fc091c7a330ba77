/* Several inner products over the same bytes at once: each one loaded serves more than one. Private. */
#ifndef TFCAPS_DOT_BLOCK_H
#define TFCAPS_DOT_BLOCK_H

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

/* sums[2 m + n] += kernel n . input m for two kernels and two inputs. */
void tfcaps_dot_2x2(const tfcaps_dot_rows *bytes, const int8_t *input, int32_t input_stride,
                    const int8_t *kernel, int32_t kernel_stride, uint32_t sums[4]);

/* sums[4 m + n] += kernel n . input m for four kernels and two inputs. */
void tfcaps_dot_4x2(const tfcaps_dot_rows *bytes, const int8_t *input, int32_t input_stride,
                    const int8_t *kernel, int32_t kernel_stride, uint32_t sums[8]);

/* sums[n] += kernel n . input for two kernels. */
void tfcaps_dot_2x1(const tfcaps_dot_rows *bytes, const int8_t *input, const int8_t *kernel,
                    int32_t kernel_stride, uint32_t sums[2]);

/* Which of them pay: how many kernels and inputs the registers have room for. For RISC-V vectors compilers
 * vectorise the plain loop of tfcaps_dot.h; eight low registers of Arm are too few for two by two. */
#if defined(__riscv_vector)
#define TFCAPS_DOT_4X1_PAYS 0
#define TFCAPS_DOT_FILTERS 0
#define TFCAPS_DOT_COLUMNS 1
#elif defined(__thumb__) && !defined(__thumb2__)
#define TFCAPS_DOT_4X1_PAYS 1
#define TFCAPS_DOT_FILTERS 2
#define TFCAPS_DOT_COLUMNS 1
#elif defined(__arm__)
#define TFCAPS_DOT_4X1_PAYS 1
#define TFCAPS_DOT_FILTERS 2
#define TFCAPS_DOT_COLUMNS 2
#else
#define TFCAPS_DOT_4X1_PAYS 1
#define TFCAPS_DOT_FILTERS 4
#define TFCAPS_DOT_COLUMNS 2
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

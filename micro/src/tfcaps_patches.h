/* Convolution by patches: the bytes under a few windows are copied next to each other, the input's zero point
 * where a window leaves the image, and every filter then meets runs of vectors, whatever the convolution's
 * shape. For processors whose vectors are long; the copy costs what a handful of filters cost. Private. */
#ifndef TFCAPS_PATCHES_H
#define TFCAPS_PATCHES_H

#include "tfcaps_requantize.h"
#include "tfcaps_variant.h"

/* COLUMNS windows are in work at a time, PIECE bytes of each: a multiple of every layout's unit.
 *
 * Helium has eight accumulators: four columns by two filters. Its vectors of 16 bytes alternate between the
 * columns, so that one pointer serves all four. RISC-V has vectors of any length: columns one after the
 * other. */
#if defined(TFCAPS_MVE)
enum {
    TFCAPS_PATCH_COLUMNS = 4,
    TFCAPS_PATCH_UNIT = 16, /* bytes of one column before the next one's */
    TFCAPS_PATCH_PIECE = 400,
};
#elif defined(TFCAPS_RVV)
enum {
    TFCAPS_PATCH_COLUMNS = 2,
    TFCAPS_PATCH_UNIT = 512,
    TFCAPS_PATCH_PIECE = 512,
};
#endif

enum {
    TFCAPS_PATCH_FILTERS = 64, /* whose sums are in work at a time */
};

/* Copies size bytes to position, counted without the other columns', of a column of a patch. */
void tfcaps_patch_copy(int8_t *column, int32_t position, const int8_t *source, int32_t size);

/* The same with one value. */
void tfcaps_patch_fill(int8_t *column, int32_t position, int32_t value, int32_t size);

/* Makes a column of source[offsets[n]]; offsets [size rounded up to TFCAPS_PATCH_GATHERED] are all of bytes
 * that may be read, and as many are written. */
enum {
    TFCAPS_PATCH_GATHERED = 16,
};
void tfcaps_patch_gather(int8_t *column, const int8_t *source, const uint16_t *offsets, int32_t size);

/* sums[TFCAPS_PATCH_FILTERS * c + n] = start[n] for all columns and so many filters. start has
 * TFCAPS_PATCH_FILTERS. */
void tfcaps_patch_start(const uint32_t *start, int32_t filters, uint32_t *sums);

/* sums[TFCAPS_PATCH_FILTERS * c + n] += kernel n . column c of the patch, for all columns and so many
 * filters, which lie kernel_stride bytes apart. As all sums here, they wrap. Nothing behind the filters is
 * read; one sum more than the filters may be spoiled. */
void tfcaps_patch_dots(const int8_t *patch, int32_t size, const int8_t *kernel, int32_t kernel_stride,
                       int32_t filters, uint32_t *sums);

/* tfcaps_requantize of such sums: output[step * c + n] is of sums[TFCAPS_PATCH_FILTERS * c + n]. */
void tfcaps_patch_outputs(const tfcaps_output_stage *stage, int32_t first, int32_t filters, int32_t columns,
                          const uint32_t *sums, int8_t *output, int32_t step);

/* The sum of size bytes. */
uint32_t tfcaps_byte_sum(const int8_t *bytes, int32_t size);

#endif

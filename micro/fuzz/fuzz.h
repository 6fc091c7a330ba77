/* What the fuzz targets share. Bytes become the arguments of one call, mostly sensible ones; every tensor is
 * an allocation of exactly the bytes that the dimensions promise. What a header rules out is remembered, and
 * a call that accepts it nevertheless is a finding, as is one that
 *
 *   - touches a byte outside of its tensors, or does what C leaves undefined (the sanitizers find that);
 *   - refuses, and has written something;
 *   - accepts, and leaves a byte of its output unwritten, or lets it depend on what was in memory before.
 *
 * A target names its calls in a table and hands it to fuzz_run. */
#ifndef TFCAPS_FUZZ_H
#define TFCAPS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "tfcaps/nn.h"

enum {
    FUZZ_LARGEST = 2048 /* bytes of a tensor, so that a call takes no time */
};

/* What a call gives that was not made, because its tensors would be too large. */
#define FUZZ_SKIPPED TFCAPS_ERROR_NULL

/* The entry point of every target; libFuzzer calls it, or replay.c. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Draws the arguments of one kernel, calls it, and gives its status. */
typedef tfcaps_status (*fuzz_call)(void);

/* Makes the call that the first byte chooses, twice on different memory, and compares. */
void fuzz_run(const fuzz_call *calls, size_t count, const uint8_t *data, size_t size);

/* The next byte, or 0 behind the last one. */
uint8_t fuzz_byte(void);

/* An integer in low ... high; now and then another. */
int32_t fuzz_int(int32_t low, int32_t high);

/* The same, of a parameter that a kernel has to refuse outside of low ... high. */
int32_t fuzz_param(int32_t low, int32_t high);

/* A value that is mostly this one. */
int32_t fuzz_about(int32_t value);

/* A zero point; and what ends a range of outputs that begins at `least`. */
int32_t fuzz_zero_point(void);
int32_t fuzz_activation_max(int32_t least);

/* A stride, dilation or size of a window; and the padding in front of a window of so many taps. */
int32_t fuzz_extent(int32_t most);
int32_t fuzz_padding(int32_t taps, int32_t dilation);

/* Dimensions of some small images, and the bytes that they take. */
tfcaps_image_dims fuzz_image(int32_t batches, int32_t channels);
size_t fuzz_image_size(const tfcaps_image_dims *dims);

/* The bytes of a tensor of these sizes, of at most limit bytes. A size that is below 1 or above largest, or a
 * tensor above the limit, has to be refused and gives 0. */
size_t fuzz_size(const int32_t *sizes, int32_t count, int32_t largest, uint64_t limit);

/* Tensors. An input is filled with values drawn, an output with what it must not depend on. */
int8_t *fuzz_input(size_t size);
int8_t *fuzz_output(size_t size);

/* Scratch of the bytes that are needed, and some that are not; now and then too few of them, or not aligned.
 */
tfcaps_context fuzz_context(size_t need, size_t more, size_t alignment);

/* count values that have to be in low ... high; one of them may be another. */
int32_t *fuzz_words(size_t count, int32_t low, int32_t high);

/* Biases: any values, or NULL. */
const int32_t *fuzz_bias(size_t count);

/* The pointer, or NULL if it is the one that this call gets as NULL; then the call has to be refused. */
void *fuzz_pointer(const void *pointer);

/* The call must be refused, if so. */
void fuzz_expect_refusal(int so);

/* Whether all tensors could be made; if not, the call must not be made. */
int fuzz_ready(void);

#endif

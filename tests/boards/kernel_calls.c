/* Calls the capsule kernels as calls.bin says, and writes what they give to
 * results.bin. The format is that of kernel_calls.py; everything is made of
 * 32-bit words, int8 data is padded to them. */
#include <string.h>

#include "mark.h"
#include "semihosting.h"
#include "stack.h"
#include "tfcaps/kernels.h"

enum {
  SQUASH = 1,
  LENGTH = 2,
  DENSE = 3,
  PAIRED = 4,
};

static int32_t calls[90112];
static int8_t result[16384];
static int64_t scratch[4096];

static const int32_t *words(const int32_t **next, int32_t count) {
  const int32_t *here = *next;
  *next += count;
  return here;
}

static const int8_t *bytes(const int32_t **next, int32_t count) {
  return (const int8_t *)words(next, (count + 3) / 4);
}

static tfcaps_status squash(const int32_t **next, int32_t *size) {
  const int32_t *w = words(next, 4);
  const tfcaps_squash_params params = {w[0], (uint32_t)w[1]};
  const tfcaps_capsules_dims dims = {w[2], w[3]};
  *size = w[2] * w[3];
  const int8_t *input = bytes(next, *size);
  BOARD_MARK();
  const tfcaps_status status = tfcaps_squash_s8(&params, &dims, input, result);
  BOARD_MARK();
  return status;
}

static tfcaps_status length(const int32_t **next, int32_t *size) {
  const int32_t *w = words(next, 6);
  const tfcaps_length_params params = {w[0], w[1], w[2], w[3]};
  const tfcaps_capsules_dims dims = {w[4], w[5]};
  *size = w[4];
  const int8_t *input = bytes(next, w[4] * w[5]);
  BOARD_MARK();
  const tfcaps_status status = tfcaps_length_s8(&params, &dims, input, result);
  BOARD_MARK();
  return status;
}

static tfcaps_status dense(const int32_t **next, int32_t *size, int paired) {
  const int32_t *w = words(next, 14);
  const tfcaps_capsule_dense_dims dims = {w[7], w[8], w[9], w[10], w[11]};
  const int32_t outputs = w[10] * w[11];
  const int32_t *bias = w[12] ? words(next, outputs) : NULL;
  const tfcaps_capsule_dense_params params = {
      w[0], w[1], w[2], w[3], w[4], w[5], w[6], outputs, words(next, outputs)};
  const int8_t *input = bytes(next, w[7] * w[8] * w[9]);
  const int32_t padded = w[10] * (w[11] + w[11] % 2);
  const void *kernel =
      words(next, (w[8] * w[9] * (paired ? padded : outputs) + 3) / 4);
  tfcaps_context context = {scratch, 0};
  (void)(w[13] ? tfcaps_capsule_dense_s8_kept_get_buffer_size(&dims,
                                                              &context.size)
               : tfcaps_capsule_dense_s8_get_buffer_size(&dims, &context.size));
  if (context.size > sizeof scratch) {
    return TFCAPS_ERROR_SCRATCH;
  }
  *size = w[7] * outputs;
  BOARD_MARK();
  const tfcaps_status status =
      paired && w[13] && w[1] > 1
          ? tfcaps_capsule_dense_paired_kept_s8(&context, &params, &dims, input,
                                                kernel, bias, result)
      : paired ? tfcaps_capsule_dense_paired_s8(&context, &params, &dims, input,
                                                kernel, bias, result)
               : tfcaps_capsule_dense_s8(&context, &params, &dims, input,
                                         kernel, bias, result);
  BOARD_MARK();
  return status;
}

int main(void) {
  const intptr_t in = board_open("calls.bin", BOARD_READ);
  const intptr_t out = board_open("results.bin", BOARD_CREATE);
  if (in < 0 || out < 0) {
    return 2;
  }
  const int32_t *next = calls;
  const int32_t *end =
      calls + board_read(in, calls, sizeof calls) / sizeof *calls;
  board_stack_paint();
  while (next < end) {
    int32_t size = 0;
    const int32_t kernel = *words(&next, 1);
    const tfcaps_status status = kernel == SQUASH ? squash(&next, &size)
                                 : kernel == LENGTH
                                     ? length(&next, &size)
                                     : dense(&next, &size, kernel == PAIRED);
    if (status != TFCAPS_OK) {
      return 3;
    }
    if (board_write(out, result, (size_t)size) != 0) {
      return 4;
    }
  }
  board_print_number(board_stack_used());
  board_close(out);
  return 0;
}

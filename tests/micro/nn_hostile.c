/* Calls every kernel of tfcaps/nn.h with random arguments, sensible and not, on allocations of exactly the
 * size that the arguments stand for. Built with sanitizers; says how many calls were accepted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tfcaps/nn.h"

static uint64_t state = 1;

static uint32_t next(void) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(state >> 33);
}

/* low ... high; now and then something else, if the whole call is to be a bad one. */
static int bad = 0;

static int32_t draw(int32_t low, int32_t high) {
    static const int32_t odd[] = {INT32_MIN, -129, -1, 0, 1, 128, 255, 65535, 65536, INT32_MAX};
    return bad && next() % 12 == 0 ? odd[next() % 10] : low + (int32_t)(next() % (uint32_t)(high - low + 1));
}

static void *keep[16];
static int kept = 0;

/* Sizes below 1 stand for what a kernel has to refuse before it looks at the data, large ones for what a test
 * does not have: it gets NULL. */
static void *allocate(int64_t size) {
    return keep[kept++] = size > 1 << 20 ? NULL : malloc(size < 1 ? 1 : (size_t)size);
}

static int8_t *bytes(int64_t size) {
    static const int8_t extremes[] = {-128, 127, 0, -1};
    int8_t *found = allocate(size);
    for (int64_t n = 0; n < size && found != NULL; ++n) {
        found[n] = next() % 2 ? extremes[next() % 4] : (int8_t)(next() % 256 - 128);
    }
    return found;
}

static int32_t *words(int32_t size, int32_t low, int32_t high) {
    int32_t *found = allocate((int64_t)size * 4);
    for (int32_t n = 0; n < size && found != NULL; ++n) {
        found[n] = draw(low, high);
    }
    return found;
}

static int32_t *biases(int32_t size) {
    static const int32_t extremes[] = {INT32_MIN, INT32_MAX, 0, 12345};
    int32_t *found = next() % 3 == 0 ? NULL : words(size, 0, 0);
    for (int32_t n = 0; n < size && found != NULL; ++n) {
        found[n] = extremes[next() % 4];
    }
    return found;
}

static int64_t product(const int32_t *sizes, int32_t count) {
    int64_t found = 1;
    for (int32_t n = 0; n < count; ++n) {
        if (sizes[n] < 1 || found * sizes[n] > INT32_MAX) {
            return -1;
        }
        found *= sizes[n];
    }
    return found;
}

static int64_t image_size(const tfcaps_image_dims *dims) {
    const int32_t sizes[] = {dims->batches, dims->height, dims->width, dims->channels};
    return product(sizes, 4);
}

static int64_t shape_size(const tfcaps_shape *shape) {
    return shape->rank < 0 || shape->rank > TFCAPS_MAX_RANK ? -1 : product(shape->size, shape->rank);
}

static tfcaps_channel_scales draw_scales(int32_t channels) {
    const int32_t count = next() % 3 ? channels : 1;
    tfcaps_channel_scales scales = {draw(count, count), NULL, NULL};
    scales.multiplier = words(scales.count, 0, INT32_MAX - 1);
    scales.shift = words(scales.count, -31, 30);
    return scales;
}

static tfcaps_conv_2d_params draw_conv(void) {
    tfcaps_conv_2d_params params = {draw(1, 3),    draw(1, 3),  draw(1, 3),      draw(1, 3),
                                    draw(0, 2),    draw(0, 2),  draw(-128, 127), draw(-128, 127),
                                    draw(-128, 0), draw(0, 127)};
    return params;
}

static tfcaps_image_dims draw_image(int32_t batches) {
    const tfcaps_image_dims dims = {draw(batches, batches), draw(1, 9), draw(1, 9), draw(1, 20)};
    return dims;
}

/* An output that fits, in most cases. */
static tfcaps_image_dims after(const tfcaps_image_dims *input, int32_t stride_height, int32_t stride_width,
                               int32_t channels) {
    tfcaps_image_dims dims = *input;
    dims.height = draw(1, stride_height > 0 && stride_height < 9 && dims.height > 0
                              ? 1 + (dims.height - 1) / stride_height
                              : 3);
    dims.width = draw(
        1, stride_width > 0 && stride_width < 9 && dims.width > 0 ? 1 + (dims.width - 1) / stride_width : 3);
    dims.channels = draw(channels, channels);
    return dims;
}

static tfcaps_status conv(int8_t *output[1], int64_t *size) {
    const tfcaps_context context = {NULL, 0};
    const tfcaps_conv_2d_params params = draw_conv();
    const int32_t groups = (int32_t)(1 + next() % 3), depth = (int32_t)(1 + next() % 6);
    const int32_t filters = groups * (int32_t)(1 + next() % 5);
    tfcaps_image_dims x = draw_image(2), k = draw_image(filters);
    x.channels = draw(groups * depth, groups * depth);
    k.channels = draw(depth, depth);
    k.height = draw(1, 4);
    k.width = draw(1, 4);
    const tfcaps_image_dims y = after(&x, params.stride_height, params.stride_width, filters);
    const tfcaps_channel_scales scales = draw_scales(filters);
    *output = bytes(*size = image_size(&y));
    return tfcaps_conv_2d_s8(&context, &params, &scales, &x, bytes(image_size(&x)), &k, bytes(image_size(&k)),
                             biases(filters), &y, *output);
}

/* Words of any bits, in place of what `tfcaps compile --layout paired` lays out; stages such as there can be. */
static int32_t *paired_weights(int32_t form, int32_t block_words, int32_t blocks) {
    int32_t *weights = allocate(4 * (1 + (int64_t)blocks * block_words));
    if (weights == NULL) {
        return NULL;
    }
    weights[0] = form;
    for (int32_t block = 0; block < blocks; ++block) {
        int32_t *words = weights + 1 + block * block_words;
        for (int32_t n = 0; n < block_words; ++n) {
            words[n] = (int32_t)(next() * 2654435761u);
        }
        for (int32_t n = block_words - 6; n < block_words; n += 3) {
            words[n] = (int32_t)(next() & INT32_MAX);
            words[n + 2] = draw(1, 22);
        }
    }
    return weights;
}

static tfcaps_status paired(int8_t *output[1], int64_t *size) {
    const tfcaps_conv_2d_params params = draw_conv();
    tfcaps_image_dims x = draw_image(2), k = draw_image((int32_t)(1 + next() % 90));
    k.channels = x.channels;
    k.height = draw(1, 4);
    k.width = draw(1, 4);
    const tfcaps_image_dims y = after(&x, params.stride_height, params.stride_width, k.batches);
    size_t need = 0;
    *output = bytes(*size = image_size(&y));
    const tfcaps_status status = tfcaps_conv_2d_paired_s8_get_buffer_size(&params, &x, &k, &y, &need);
    if (status != TFCAPS_OK || image_size(&k) > 1 << 17) {
        return status;
    }
    const int32_t row = k.width * k.channels, meet = row < 64 ? 2 : 1;
    const int32_t steps = k.height * (row / 2) + (row % 2 == 0 ? 0 : (k.height + meet - 1) / meet);
    const int32_t form = draw(0, 2);
    int32_t *weights = paired_weights(form, 10 + steps * (form == 2 ? 2 : 1), (k.batches + 1) / 2);
    if (weights == NULL) {
        return TFCAPS_ERROR_DIMS;
    }
    need += next() % 3 * 400;
    const tfcaps_context context = {bytes((int64_t)need), bad && next() % 8 == 0 ? 4 : need};
    return tfcaps_conv_2d_paired_s8(&context, &params, &x, bytes(image_size(&x)), &k, weights, &y, *output);
}

static tfcaps_status depthwise(int8_t *output[1], int64_t *size) {
    const tfcaps_context context = {NULL, 0};
    const tfcaps_conv_2d_params params = draw_conv();
    const tfcaps_image_dims x = draw_image(2);
    const int32_t channels = x.channels > 0 && x.channels < 100 ? x.channels * (int32_t)(1 + next() % 4) : 3;
    tfcaps_image_dims k = draw_image(1);
    k.channels = draw(channels, channels);
    k.height = draw(1, 4);
    k.width = draw(1, 4);
    const tfcaps_image_dims y = after(&x, params.stride_height, params.stride_width, channels);
    const tfcaps_channel_scales scales = draw_scales(channels);
    *output = bytes(*size = image_size(&y));
    return tfcaps_depthwise_conv_2d_s8(&context, &params, &scales, &x, bytes(image_size(&x)), &k,
                                       bytes(image_size(&k)), biases(channels), &y, *output);
}

/* Of a depthwise convolution, for whichever form it has. */
static int32_t *paired_taps(const tfcaps_image_dims *kernel, int32_t stride, int32_t channels) {
    const int is_large = kernel->height > 3 || kernel->width > 3;
    const int32_t rows = kernel->height > 0 && kernel->height < 9 ? kernel->height : 1;
    const int32_t channel_words = 4 + rows * (!is_large ? 2 : stride == 1 ? 4 : 3);
    int32_t *weights = allocate(4 * (int64_t)channel_words * channels);
    for (int32_t n = 0; weights != NULL && n < channel_words * channels; ++n) {
        weights[n] = (int32_t)(next() * 2654435761u);
        if (n % channel_words == 0) {
            weights[n] &= INT32_MAX;
        } else if (n % channel_words == 2) {
            weights[n] = draw(1, 22);
        }
    }
    return weights;
}

static tfcaps_status paired_depthwise(int8_t *output[1], int64_t *size) {
    tfcaps_conv_2d_params params = draw_conv();
    tfcaps_image_dims x = draw_image(2), k = draw_image(1);
    const int32_t depth = (int32_t)(4 + next() % 8);
    const int32_t channels = depth * (int32_t)(1 + next() % 3);
    x.channels = draw(depth, depth);
    k.channels = draw(channels, channels);
    k.height = draw(1, 5);
    k.width = draw(1, 5);
    if (next() % 8 != 0) { /* else there often is no form for it */
        params.stride_width = draw(1, 2);
        params.dilation_width = 1;
    }
    const tfcaps_image_dims y = after(&x, params.stride_height, params.stride_width, channels);
    *output = bytes(*size = image_size(&y));
    const size_t scratch = next() % 2 != 0 ? 0 : (size_t)(next() % 8192);
    const tfcaps_context context = {scratch == 0 ? NULL : bytes((int64_t)scratch), scratch};
    const int32_t *weights = paired_taps(&k, params.stride_width, channels);
    return tfcaps_depthwise_conv_2d_paired_s8(&context, &params, &x, bytes(image_size(&x)), &k, weights, &y,
                                              *output);
}

static tfcaps_status dense(int8_t *output[1], int64_t *size) {
    const tfcaps_context context = {NULL, 0};
    const tfcaps_fully_connected_params params = {draw(-128, 127), draw(-128, 127), draw(-128, 0),
                                                  draw(0, 127)};
    const tfcaps_fully_connected_dims dims = {draw(1, 4), draw(1, 40), draw(1, 20)};
    const int32_t units = dims.units < 1 || dims.units > 20 ? 1 : dims.units;
    const int32_t input[] = {dims.rows, dims.depth}, kernel[] = {dims.units, dims.depth},
                  out[] = {dims.rows, dims.units};
    const tfcaps_channel_scales scales = draw_scales(units);
    *output = bytes(*size = product(out, 2));
    return tfcaps_fully_connected_s8(&context, &params, &scales, &dims, bytes(product(input, 2)),
                                     bytes(product(kernel, 2)), biases(dims.units), *output);
}

static tfcaps_status pool(int8_t *output[1], int64_t *size) {
    const tfcaps_pool_2d_params params = {draw(1, 4), draw(1, 4), draw(1, 3),    draw(1, 3),
                                          draw(0, 2), draw(0, 2), draw(-128, 0), draw(0, 127)};
    const tfcaps_image_dims x = draw_image(2);
    const tfcaps_image_dims y = after(&x, params.stride_height, params.stride_width, x.channels);
    *output = bytes(*size = image_size(&y));
    return (next() % 2 ? tfcaps_max_pool_2d_s8
                       : tfcaps_average_pool_2d_s8)(&params, &x, bytes(image_size(&x)), &y, *output);
}

static tfcaps_shape draw_shape(int32_t most) {
    tfcaps_shape shape = {draw(0, 6), {0}};
    for (int32_t n = 0; n < TFCAPS_MAX_RANK; ++n) {
        shape.size[n] = draw(1, most);
    }
    return shape;
}

static tfcaps_status binary(int8_t *output[1], int64_t *size) {
    const tfcaps_shape y = draw_shape(4);
    tfcaps_shape a = y, b = y;
    for (int32_t n = 0; n < TFCAPS_MAX_RANK; ++n) {
        int32_t *size_of = next() % 2 ? &a.size[n] : &b.size[n];
        *size_of = next() % 3 ? *size_of : draw(1, 1);
    }
    if (y.rank > 1 && y.rank <= TFCAPS_MAX_RANK && next() % 3 == 0) {
        b.rank = y.rank - 1;
        memmove(b.size, b.size + 1, sizeof b.size - sizeof b.size[0]);
    }
    const tfcaps_add_params add = {draw(0, 22),   draw(-128, 127), draw(0, INT32_MAX - 1),
                                   draw(-31, 0),  draw(-128, 127), draw(0, INT32_MAX - 1),
                                   draw(-31, 0),  draw(-128, 127), draw(0, INT32_MAX - 1),
                                   draw(-31, 30), draw(-128, 0),   draw(0, 127)};
    const tfcaps_mul_params mul = {draw(-128, 127), draw(-128, 127), draw(-128, 127), draw(0, INT32_MAX - 1),
                                   draw(-31, 30),   draw(-128, 0),   draw(0, 127)};
    const int8_t *first = bytes(shape_size(&a)), *second = bytes(shape_size(&b));
    *output = bytes(*size = shape_size(&y));
    switch (next() % 5) {
    case 0:
        return tfcaps_add_s8(&add, &a, first, &b, second, &y, *output);
    case 1:
        return tfcaps_sub_s8(&add, &a, first, &b, second, &y, *output);
    case 2:
        return tfcaps_mul_s8(&mul, &a, first, &b, second, &y, *output);
    case 3:
        return tfcaps_maximum_s8(&a, first, &b, second, &y, *output);
    default:
        return tfcaps_minimum_s8(&a, first, &b, second, &y, *output);
    }
}

static tfcaps_status lookup(int8_t *output[1], int64_t *size) {
    const int32_t count = draw(1, 300);
    *output = bytes(*size = count);
    return tfcaps_lookup_s8(bytes(256), count, bytes(count), *output);
}

static tfcaps_status softmax(int8_t *output[1], int64_t *size) {
    int32_t *table = words(256, 0, INT32_MAX - 1);
    table[0] = draw(1 << 30, INT32_MAX);
    const tfcaps_softmax_params params = {table};
    const tfcaps_softmax_dims dims = {draw(1, 3), draw(1, next() % 4 ? 30 : 4095)};
    const int32_t sizes[] = {dims.rows, dims.depth};
    *output = bytes(*size = product(sizes, 2));
    return tfcaps_softmax_s8(&params, &dims, bytes(*size), *output);
}

static tfcaps_status sum(int8_t *output[1], int64_t *size) {
    const tfcaps_shape x = draw_shape(5);
    const int32_t known = x.rank < 0 || x.rank > 6 ? 1 : x.rank;
    const tfcaps_sum_params params = {draw(0, (1 << known) - 1), draw(-128, 127), draw(-128, 127),
                                      draw(0, INT32_MAX - 1), draw(-31, 30)};
    tfcaps_shape y = x;
    for (int32_t n = 0; n < TFCAPS_MAX_RANK; ++n) {
        y.size[n] = params.axes >> n & 1 ? 1 : x.size[n];
    }
    *output = bytes(*size = shape_size(&y));
    return tfcaps_sum_s8(&params, &x, bytes(shape_size(&x)), *output);
}

static tfcaps_status pad(int8_t *output[1], int64_t *size) {
    const tfcaps_shape x = draw_shape(4);
    tfcaps_shape y = x;
    tfcaps_pad_params params = {{0}, {0}, draw(-128, 127)};
    for (int32_t n = 0; n < TFCAPS_MAX_RANK; ++n) {
        params.before[n] = draw(0, 2);
        params.after[n] = draw(0, 2);
        const int64_t padded = (int64_t)params.before[n] + x.size[n] + params.after[n];
        y.size[n] = padded > INT32_MAX || padded < 1 ? -1 : (int32_t)padded;
    }
    *output = bytes(*size = shape_size(&y));
    return tfcaps_pad_s8(&params, &x, bytes(shape_size(&x)), *output);
}

static tfcaps_status transpose(int8_t *output[1], int64_t *size) {
    const tfcaps_shape x = draw_shape(4);
    const int32_t known = x.rank < 1 || x.rank > 6 ? 1 : x.rank;
    tfcaps_transpose_params params = {{0}};
    for (int32_t n = 0; n < known; ++n) { /* a shuffle that inserts */
        const int32_t at = (int32_t)(next() % (uint32_t)(n + 1));
        params.permutation[n] = params.permutation[at];
        params.permutation[at] = draw(n, n);
    }
    *output = bytes(*size = shape_size(&x));
    return tfcaps_transpose_s8(&params, &x, bytes(*size), *output);
}

static tfcaps_status strided_slice(int8_t *output[1], int64_t *size) {
    const tfcaps_shape x = draw_shape(6);
    tfcaps_shape y = x;
    tfcaps_strided_slice_params params = {{0}, {0}};
    for (int32_t n = 0; n < TFCAPS_MAX_RANK; ++n) {
        const int32_t known = x.size[n] < 1 || x.size[n] > 6 ? 1 : x.size[n];
        const int32_t begin = (int32_t)(next() % (uint32_t)known), step = (int32_t)(1 + next() % 2);
        const int backwards = next() % 2 == 0;
        params.begin[n] = draw(begin, begin);
        params.stride[n] = draw(backwards ? -step : step, backwards ? -step : step);
        y.size[n] = draw(1, 1 + (backwards ? begin : known - 1 - begin) / step);
    }
    *output = bytes(*size = shape_size(&y));
    return tfcaps_strided_slice_s8(&params, &x, bytes(shape_size(&x)), &y, *output);
}

static tfcaps_status gather(int8_t *output[1], int64_t *size) {
    const int32_t slices = (int32_t)(1 + next() % 9), count = (int32_t)(1 + next() % 9);
    const tfcaps_gather_params params = {draw(1, 4), draw(slices, slices), draw(1, 9), count,
                                         words(count, 0, slices - 1)};
    const int32_t x[] = {params.outer, params.size, params.inner}, y[] = {params.outer, count, params.inner};
    *output = bytes(*size = product(y, 3));
    return tfcaps_gather_s8(&params, bytes(product(x, 3)), *output);
}

static tfcaps_status concatenation_and_split(int8_t *output[1], int64_t *size) {
    const int32_t count = (int32_t)(1 + next() % 4);
    int32_t *sizes = words(count, 1, 5);
    const tfcaps_parts_dims dims = {draw(1, 4), count, sizes};
    int8_t *parts[4];
    int64_t row = 0;
    for (int32_t n = 0; n < count; ++n) {
        const int32_t part[] = {dims.outer, sizes[n]};
        parts[n] = bytes(product(part, 2));
        row += sizes[n];
    }
    const int32_t whole[] = {dims.outer, row > INT32_MAX || row < 1 ? -1 : (int32_t)row};
    *output = bytes(*size = product(whole, 2));
    const tfcaps_status status = tfcaps_concatenation_s8(&dims, (const int8_t *const *)parts, *output);
    if (tfcaps_split_s8(&dims, *output, parts) != status) {
        abort();
    }
    return status;
}

int main(void) {
    static tfcaps_status (*const kernels[])(int8_t * output[1], int64_t * size) = {
        conv,   paired,  depthwise, paired_depthwise, dense,     pool,
        binary, lookup,  softmax,   sum,              pad,       transpose,
        gather, strided_slice,      concatenation_and_split};
    long calls = 0, accepted = 0;
    for (size_t kernel = 0; kernel < sizeof kernels / sizeof kernels[0]; ++kernel) {
        long of_this = 0;
        for (int n = 0; n < 1200; ++n) {
            int8_t *output = NULL;
            int64_t size = 0;
            bad = n % 2;
            of_this += kernels[kernel](&output, &size) == TFCAPS_OK;
            ++calls;
            while (kept > 0) {
                free(keep[--kept]);
            }
        }
        if (of_this < 300) {
            printf("kernel %d accepted only %ld calls\n", (int)kernel, of_this);
            return 1;
        }
        accepted += of_this;
    }
    printf("%ld calls, %ld accepted\n", calls, accepted);
    return 0;
}

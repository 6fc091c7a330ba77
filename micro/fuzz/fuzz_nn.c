/* The argument checks of tfcaps/nn.h, but for those of convolutions and dense layers. */
#include "fuzz.h"

static const uint64_t address_space = PTRDIFF_MAX;

static size_t shape_size(const tfcaps_shape *shape) {
    const int known = shape->rank >= 0 && shape->rank <= TFCAPS_MAX_RANK;
    fuzz_expect_refusal(!known);
    return known ? fuzz_size(shape->size, shape->rank, INT32_MAX, INT32_MAX) : 0;
}

static tfcaps_shape draw_shape(int32_t most) {
    tfcaps_shape drawn = {fuzz_int(0, TFCAPS_MAX_RANK), {0}};
    for (int32_t n = 0; n < TFCAPS_MAX_RANK && n < drawn.rank; ++n) {
        drawn.size[n] = fuzz_int(1, most);
    }
    return drawn;
}

static tfcaps_status pool_2d(void) {
    const int32_t batches = 1 + fuzz_byte() % 2;
    const int32_t channels = 1 + fuzz_byte() % 20;
    const int is_average = fuzz_byte() & 1;
    const tfcaps_image_dims input_dims = fuzz_image(batches, channels);
    const tfcaps_image_dims output_dims = fuzz_image(batches, channels);
    fuzz_expect_refusal(input_dims.batches != output_dims.batches ||
                        input_dims.channels != output_dims.channels);
    const size_t input_size = fuzz_image_size(&input_dims);
    const size_t output_size = fuzz_image_size(&output_dims);
    tfcaps_pool_2d_params params = {
        fuzz_extent(4), fuzz_extent(4), fuzz_extent(3), fuzz_extent(3), 0, 0, 0, 0};
    params.padding_top = fuzz_padding(params.filter_height, 1);
    params.padding_left = fuzz_padding(params.filter_width, 1);
    params.activation_min = fuzz_zero_point();
    params.activation_max = fuzz_activation_max(params.activation_min);
    const int8_t *input = fuzz_input(input_size);
    int8_t *output = fuzz_output(output_size);
    if (!fuzz_ready()) {
        return FUZZ_SKIPPED;
    }
    return (is_average ? tfcaps_average_pool_2d_s8 : tfcaps_max_pool_2d_s8)(
        fuzz_pointer(&params), fuzz_pointer(&input_dims), fuzz_pointer(input), fuzz_pointer(&output_dims),
        fuzz_pointer(output));
}

/* Two inputs and the output that they are broadcast to. */
typedef struct operands {
    tfcaps_shape shapes[2];
    tfcaps_shape output_shape;
    const int8_t *inputs[2];
    int8_t *output;
} operands;

static operands draw_operands(void) {
    operands drawn = {{draw_shape(4), {0, {0}}}, {0, {0}}, {NULL, NULL}, NULL};
    drawn.shapes[1] = drawn.output_shape = drawn.shapes[0];
    for (int32_t n = 0; n < 2; ++n) {
        tfcaps_shape *shape = &drawn.shapes[n];
        const uint8_t broadcast = fuzz_byte(); /* bit n: along dimension n; bit 7: the first one is missing */
        const int32_t missing = broadcast >> 7 != 0 && shape->rank > 0 && shape->rank <= TFCAPS_MAX_RANK;
        shape->rank -= missing;
        for (int32_t k = 0; k < TFCAPS_MAX_RANK && k < shape->rank; ++k) {
            shape->size[k] = broadcast >> k & 1 ? fuzz_about(1) : drawn.output_shape.size[k + missing];
        }
    }
    drawn.output_shape.rank = fuzz_about(drawn.output_shape.rank);
    const size_t sizes[] = {shape_size(&drawn.shapes[0]), shape_size(&drawn.shapes[1])};
    const size_t output_size = shape_size(&drawn.output_shape);
    drawn.inputs[0] = fuzz_pointer(fuzz_input(sizes[0]));
    drawn.inputs[1] = fuzz_pointer(fuzz_input(sizes[1]));
    drawn.output = fuzz_pointer(fuzz_output(output_size));
    return drawn;
}

static tfcaps_status add_or_sub(void) {
    const int is_sub = fuzz_byte() & 1;
    tfcaps_add_params params = {0};
    params.left_shift = fuzz_param(0, 22);
    params.input1_zero_point = fuzz_zero_point();
    params.input1_multiplier = fuzz_param(0, INT32_MAX);
    params.input1_shift = fuzz_param(-31, 0);
    params.input2_zero_point = fuzz_zero_point();
    params.input2_multiplier = fuzz_param(0, INT32_MAX);
    params.input2_shift = fuzz_param(-31, 0);
    params.output_zero_point = fuzz_zero_point();
    params.output_multiplier = fuzz_param(0, INT32_MAX);
    params.output_shift = fuzz_param(-31, 30);
    params.activation_min = fuzz_zero_point();
    params.activation_max = fuzz_activation_max(params.activation_min);
    const operands on = draw_operands();
    if (!fuzz_ready()) {
        return FUZZ_SKIPPED;
    }
    return (is_sub ? tfcaps_sub_s8 : tfcaps_add_s8)(fuzz_pointer(&params), fuzz_pointer(&on.shapes[0]),
                                                    on.inputs[0], fuzz_pointer(&on.shapes[1]), on.inputs[1],
                                                    fuzz_pointer(&on.output_shape), on.output);
}

static tfcaps_status mul(void) {
    tfcaps_mul_params params = {fuzz_zero_point(), fuzz_zero_point(), fuzz_zero_point(), 0, 0, 0, 0};
    params.output_multiplier = fuzz_param(0, INT32_MAX);
    params.output_shift = fuzz_param(-31, 30);
    params.activation_min = fuzz_zero_point();
    params.activation_max = fuzz_activation_max(params.activation_min);
    const operands on = draw_operands();
    if (!fuzz_ready()) {
        return FUZZ_SKIPPED;
    }
    return tfcaps_mul_s8(fuzz_pointer(&params), fuzz_pointer(&on.shapes[0]), on.inputs[0],
                         fuzz_pointer(&on.shapes[1]), on.inputs[1], fuzz_pointer(&on.output_shape),
                         on.output);
}

static tfcaps_status maximum_or_minimum(void) {
    const int is_minimum = fuzz_byte() & 1;
    const operands on = draw_operands();
    if (!fuzz_ready()) {
        return FUZZ_SKIPPED;
    }
    return (is_minimum ? tfcaps_minimum_s8 : tfcaps_maximum_s8)(fuzz_pointer(&on.shapes[0]), on.inputs[0],
                                                                fuzz_pointer(&on.shapes[1]), on.inputs[1],
                                                                fuzz_pointer(&on.output_shape), on.output);
}

static tfcaps_status lookup(void) {
    const int32_t size = fuzz_int(0, 200);
    fuzz_expect_refusal(size < 0);
    const int8_t *input = fuzz_input(size < 0 ? 0 : (size_t)size);
    const int8_t *table = fuzz_input(TFCAPS_LOOKUP_SIZE);
    int8_t *output = fuzz_output(size < 0 ? 0 : (size_t)size);
    return fuzz_ready()
               ? tfcaps_lookup_s8(fuzz_pointer(table), size, fuzz_pointer(input), fuzz_pointer(output))
               : FUZZ_SKIPPED;
}

static tfcaps_status softmax(void) {
    const tfcaps_softmax_dims dims = {fuzz_int(1, 4), fuzz_int(1, 100)};
    const int32_t sizes[] = {dims.rows, dims.depth};
    fuzz_expect_refusal(dims.depth > TFCAPS_MAX_SOFTMAX_DEPTH);
    const size_t size = fuzz_size(sizes, 2, INT32_MAX, address_space);
    int32_t *table = fuzz_words(TFCAPS_LOOKUP_SIZE, 0, INT32_MAX);
    if (table[0] >= 0) {
        table[0] = fuzz_param(1 << 30, INT32_MAX);
    }
    const tfcaps_softmax_params params = {fuzz_pointer(table)};
    const int8_t *input = fuzz_input(size);
    int8_t *output = fuzz_output(size);
    return fuzz_ready() ? tfcaps_softmax_s8(fuzz_pointer(&params), fuzz_pointer(&dims), fuzz_pointer(input),
                                            fuzz_pointer(output))
                        : FUZZ_SKIPPED;
}

static tfcaps_status sum(void) {
    const tfcaps_shape input_shape = draw_shape(5);
    const int32_t rank = input_shape.rank < 0 || input_shape.rank > TFCAPS_MAX_RANK ? 0 : input_shape.rank;
    tfcaps_sum_params params = {fuzz_param(0, (1 << rank) - 1), fuzz_zero_point(), fuzz_zero_point(), 0, 0};
    params.output_multiplier = fuzz_param(0, INT32_MAX);
    params.output_shift = fuzz_param(-31, 30);
    tfcaps_shape output_shape = input_shape;
    for (int32_t n = 0; n < rank; ++n) {
        output_shape.size[n] = params.axes >> n & 1 ? 1 : input_shape.size[n];
    }
    const int8_t *input = fuzz_input(shape_size(&input_shape));
    int8_t *output = fuzz_output(shape_size(&output_shape));
    return fuzz_ready() ? tfcaps_sum_s8(fuzz_pointer(&params), fuzz_pointer(&input_shape),
                                        fuzz_pointer(input), fuzz_pointer(output))
                        : FUZZ_SKIPPED;
}

/* What a dimension has after padding, or 0 for what a kernel must refuse. */
static int32_t padded(int32_t before, int32_t size, int32_t after) {
    const int64_t all = (int64_t)before + size + after;
    return before < 0 || after < 0 || all > INT32_MAX ? 0 : (int32_t)all;
}

static tfcaps_status pad(void) {
    const tfcaps_shape input_shape = draw_shape(4);
    tfcaps_shape output_shape = input_shape;
    tfcaps_pad_params params = {{0}, {0}, fuzz_param(INT8_MIN, INT8_MAX)};
    for (int32_t n = 0; n < TFCAPS_MAX_RANK && n < input_shape.rank; ++n) {
        params.before[n] = fuzz_int(0, 2);
        params.after[n] = fuzz_int(0, 2);
        output_shape.size[n] = padded(params.before[n], input_shape.size[n], params.after[n]);
    }
    const size_t input_size = shape_size(&input_shape);
    const size_t output_size = shape_size(&output_shape);
    const int8_t *input = fuzz_input(input_size);
    int8_t *output = fuzz_output(output_size);
    return fuzz_ready() ? tfcaps_pad_s8(fuzz_pointer(&params), fuzz_pointer(&input_shape),
                                        fuzz_pointer(input), fuzz_pointer(output))
                        : FUZZ_SKIPPED;
}

static tfcaps_status transpose(void) {
    const tfcaps_shape input_shape = draw_shape(4);
    tfcaps_transpose_params params = {{0}};
    for (int32_t n = 0; n < TFCAPS_MAX_RANK && n < input_shape.rank; ++n) { /* a shuffle that inserts */
        const int32_t at = fuzz_byte() % (n + 1);
        params.permutation[n] = params.permutation[at];
        params.permutation[at] = n;
    }
    const int32_t changed = fuzz_byte() % TFCAPS_MAX_RANK;
    const int32_t other = fuzz_about(params.permutation[changed]);
    fuzz_expect_refusal(changed < input_shape.rank && other != params.permutation[changed]);
    params.permutation[changed] = other;
    const size_t size = shape_size(&input_shape);
    const int8_t *input = fuzz_input(size);
    int8_t *output = fuzz_output(size);
    return fuzz_ready() ? tfcaps_transpose_s8(fuzz_pointer(&params), fuzz_pointer(&input_shape),
                                              fuzz_pointer(input), fuzz_pointer(output))
                        : FUZZ_SKIPPED;
}

static tfcaps_status strided_slice(void) {
    const tfcaps_shape input_shape = draw_shape(6);
    tfcaps_shape output_shape = {fuzz_about(input_shape.rank), {0}};
    fuzz_expect_refusal(output_shape.rank != input_shape.rank);
    tfcaps_strided_slice_params params = {{0}, {0}};
    for (int32_t n = 0; n < TFCAPS_MAX_RANK && n < input_shape.rank; ++n) {
        params.begin[n] = fuzz_int(0, 2);
        params.stride[n] = fuzz_int(-2, 2);
        output_shape.size[n] = fuzz_int(1, 3);
        const int64_t last =
            params.begin[n] + (int64_t)params.stride[n] * (output_shape.size[n] - (int64_t)1);
        fuzz_expect_refusal(params.stride[n] == 0 || params.begin[n] < 0 ||
                            params.begin[n] >= input_shape.size[n] || last < 0 ||
                            last >= input_shape.size[n]);
    }
    const size_t input_size = shape_size(&input_shape);
    const size_t output_size = shape_size(&output_shape);
    const int8_t *input = fuzz_input(input_size);
    int8_t *output = fuzz_output(output_size);
    return fuzz_ready() ? tfcaps_strided_slice_s8(fuzz_pointer(&params), fuzz_pointer(&input_shape),
                                                  fuzz_pointer(input), fuzz_pointer(&output_shape),
                                                  fuzz_pointer(output))
                        : FUZZ_SKIPPED;
}

static tfcaps_status gather(void) {
    const int32_t outer = fuzz_int(1, 3);
    const int32_t slices = fuzz_int(1, 6);
    const int32_t inner = fuzz_int(1, 5);
    const int32_t made = 1 + fuzz_byte() % 8;
    const int32_t *indices = fuzz_words((size_t)made, 0, slices > 0 ? slices - 1 : 0);
    const int32_t count = fuzz_byte() < 240 ? made : -(fuzz_byte() % 3); /* more would be a lie nobody sees */
    fuzz_expect_refusal(count < 1);
    const int32_t whole[] = {outer, slices, inner};
    const int32_t taken[] = {outer, count, inner};
    const size_t input_size = fuzz_size(whole, 3, INT32_MAX, INT32_MAX);
    const size_t output_size = fuzz_size(taken, 3, INT32_MAX, INT32_MAX);
    const tfcaps_gather_params params = {outer, slices, inner, count, fuzz_pointer(indices)};
    const int8_t *input = fuzz_input(input_size);
    int8_t *output = fuzz_output(output_size);
    return fuzz_ready() ? tfcaps_gather_s8(fuzz_pointer(&params), fuzz_pointer(input), fuzz_pointer(output))
                        : FUZZ_SKIPPED;
}

static tfcaps_status concatenation_or_split(void) {
    enum {
        MOST_PARTS = 4
    };
    const int is_split = fuzz_byte() & 1;
    const int32_t made = 1 + fuzz_byte() % MOST_PARTS;
    int32_t sizes[MOST_PARTS] = {0};
    int64_t row = 0;
    for (int32_t n = 0; n < made; ++n) {
        sizes[n] = fuzz_int(1, 9);
        fuzz_expect_refusal(sizes[n] < 1);
        row += sizes[n];
    }
    /* Fewer parts than there are sizes is a call like any other; more would be a lie that no kernel sees. */
    const int32_t count = made - (fuzz_byte() < 240 ? 0 : 1 + fuzz_byte() % MOST_PARTS);
    if (count > 0 && count < made) {
        return FUZZ_SKIPPED;
    }
    const tfcaps_parts_dims dims = {fuzz_int(1, 4), count, fuzz_pointer(sizes)};
    const int32_t whole[] = {dims.outer, row > INT32_MAX ? 0 : (int32_t)row};
    fuzz_expect_refusal(count < 1);
    const size_t whole_size = fuzz_size(whole, 2, INT32_MAX, INT32_MAX);
    int8_t *parts[MOST_PARTS] = {NULL};
    for (int32_t n = 0; n < made; ++n) {
        const int32_t part[] = {dims.outer, sizes[n]};
        const size_t size = fuzz_size(part, 2, INT32_MAX, INT32_MAX);
        parts[n] = fuzz_pointer(is_split ? fuzz_output(size) : fuzz_input(size));
    }
    int8_t *all = fuzz_pointer(is_split ? fuzz_input(whole_size) : fuzz_output(whole_size));
    if (!fuzz_ready()) {
        return FUZZ_SKIPPED;
    }
    return is_split ? tfcaps_split_s8(fuzz_pointer(&dims), all, fuzz_pointer(parts))
                    : tfcaps_concatenation_s8(fuzz_pointer(&dims), fuzz_pointer(parts), all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const fuzz_call calls[] = {
        pool_2d, add_or_sub, mul,       lookup,        maximum_or_minimum,     softmax,
        sum,     pad,        transpose, strided_slice, concatenation_or_split, gather};
    fuzz_run(calls, sizeof calls / sizeof *calls, data, size);
    return 0;
}

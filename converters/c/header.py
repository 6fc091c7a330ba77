"""The text of name.h: the API of a program, and the manual of it."""

from __future__ import annotations

from tfcaps.converters.c.render import STACK_LIMIT, Source, banner, comment
from tfcaps.runtime.tflite_file import Tensor


def text_of_header(source: Source) -> str:
    """name.h."""
    name, macro, plan, program = source.name, source.macro, source.plan, source.program
    inputs = [program.tensors[index] for index in program.inputs]
    outputs = [program.tensors[index] for index in program.outputs]
    ends = _ends("input", program.input_names, inputs) + _ends("output", program.output_names, outputs)
    numbers = [
        f"{macro}_ARENA_BYTES = {plan.arena_bytes}, /* activations and scratch memory */",
        f"{macro}_INPUTS = {len(inputs)},",
        f"{macro}_OUTPUTS = {len(outputs)},",
    ]
    macros = []
    for kind, tensors, indices in (("INPUT", inputs, program.inputs), ("OUTPUT", outputs, program.outputs)):
        for n, (tensor, index) in enumerate(zip(tensors, indices, strict=True)):
            numbers.append(f"{macro}_{kind}_{n}_BYTES = {program.size(index)},")
            place = program.places.get(index)
            if kind == "INPUT" and place is not None and place.kind == "arena":
                numbers.append(f"{macro}_INPUT_{n}_OFFSET = {program.offsets[place.index]}, /* in the arena */")
            macros.append(f"#define {macro}_{kind}_{n}_SCALE {_float(tensor.scale)}")
            macros.append(f"#define {macro}_{kind}_{n}_ZERO_POINT ({tensor.zero_point})")
    given = "only read, where the caller has them"
    apart = "No output may overlap the arena, an input or another output, and no input may overlap the arena."
    if program.inputs_in_arena:
        given = f"copied to {macro}_INPUT_n_OFFSET of the arena, unless they are there already, and lost then"
        apart = "No output may overlap the arena, an input or another output."
    numbers.append(f"{macro}_LAYERS = {len(program.layers)},")
    test_note = ""
    if program.output_bytes > STACK_LIMIT:
        test_note = (
            f"\n * Its {program.output_bytes:,} bytes of outputs are static, so only one self-test may run at a time."
        )
    images = " ".join(f"static int8_t input_{n}[{macro}_INPUT_{n}_BYTES];" for n in range(len(inputs)))
    results = " ".join(f"static int8_t output_{n}[{macro}_OUTPUT_{n}_BYTES];" for n in range(len(outputs)))
    input_list = ", ".join(f"input_{n}" for n in range(len(inputs)))
    output_list = ", ".join(f"output_{n}" for n in range(len(outputs)))
    return f"""{banner(source, "an int8 network as a C program")}
/*
 *     static int64_t arena[({macro}_ARENA_BYTES + 7) / 8] __attribute__((aligned(16)));
 *     {images}
 *     {results}
 *     const int8_t *const inputs[] = {{{input_list}}};
 *     int8_t *const outputs[] = {{{output_list}}};
 *     if ({name}_run(arena, inputs, outputs) != TFCAPS_OK) ...
 *
{ends} *
 * A real value x is the integer round(x / scale) + zero point, limited to -128 ... 127; an integer q stands for
 * (q - zero point) * scale.
 *
 * Memory: {plan.arena_bytes:,} bytes of arena, {plan.input_bytes:,} of inputs and {plan.output_bytes:,} of outputs, \
all of them the caller's;
 * {program.weight_bytes:,} bytes of constants. {program.macs:,} multiply-accumulates in {len(program.layers)} layers.
 */
#ifndef {macro}_H
#define {macro}_H

#include "tfcaps/kernels.h"

#ifdef __cplusplus
extern "C" {{
#endif

enum {{
    {(chr(10) + "    ").join(numbers)}
}};

{chr(10).join(macros)}

/* Runs the network once.
 *
 * arena: {macro}_ARENA_BYTES bytes, aligned to 16. Its contents mean nothing between two calls, and the program
 * keeps nothing anywhere else: calls with different arenas may run at the same time.
 * inputs: {given}.
 * outputs: written, and read on the way, where the caller wants them.
 * {apart}
 *
 * Returns TFCAPS_OK, or the first failure: TFCAPS_ERROR_NULL for a pointer that is NULL, TFCAPS_ERROR_SCRATCH for
 * an arena that is not aligned. Nothing else can fail on a program that is what was generated. */
tfcaps_status {name}_run(void *arena, const int8_t *const inputs[], int8_t *const outputs[]);

/* Runs {comment(source.self_test.what)} that is stored with the program and compares with the stored outputs,
 * which are those of TensorFlow Lite Micro's arithmetic: TFCAPS_OK, TFCAPS_ERROR_SELF_TEST or a failure of
 * {name}_run.{test_note} */
tfcaps_status {name}_self_test(void *arena);

#ifdef __cplusplus
}}
#endif

#endif
"""


def _ends(kind: str, names: tuple[str, ...], tensors: list[Tensor]) -> str:
    lines = []
    for n, (name, tensor) in enumerate(zip(names, tensors, strict=True)):
        shape = ", ".join(str(size) for size in tensor.shape)
        real = f"scale {tensor.scale:.9g}, zero point {tensor.zero_point}"
        lines.append(f" * {kind}s[{n}] {comment(name)}: int8 [{shape}], {real}\n")
    return "".join(lines)


def _float(value: float) -> str:
    text = f"{value:.9g}"
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"

"""Ahead-of-time C: an int8 .tflite becomes a program without interpreter, flatbuffer or allocation.

plan = tfcaps.converters.to_c(model, "out", name="digits")
print(plan.text())

read       the file, checked                                     tfcaps.runtime.tflite_file
emit       a kernel's call for every operator                    ops/
plan       where each tensor lies in the arena                   program, memory, place, check
self-test  an image and its outputs                              self_test
write      the texts of the program                              render, header, build_files, folder
"""

from tfcaps.converters.c.picture import draw_plan
from tfcaps.converters.c.plan import Plan, make_plan
from tfcaps.converters.c.program import Program, build_program
from tfcaps.converters.c.to_c import check_name, name_of_file, to_c

__all__ = ["Plan", "Program", "build_program", "check_name", "draw_plan", "make_plan", "name_of_file", "to_c"]

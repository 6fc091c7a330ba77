"""The arena of a model as ahead-of-time C: buffers with lifetimes, and where each of them goes.

`tfcaps.converters.c` plans with it what it generates, and `tfcaps.pruning.cost` what a narrower model would need, so
that both say the same number.
"""

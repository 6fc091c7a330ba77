"""What the benchmarks count instructions of."""

"""Measurements: `python -m benchmarks NAME` prints figures, and their machine, as JSON lines."""

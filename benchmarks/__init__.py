"""Measurements: each prints one JSON line of figures with what it measured them on. `python -m benchmarks NAME`."""

"""Speed and memory, printed; run all with `make bench`, or one with `python -m benchmarks.perform`."""

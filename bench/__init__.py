"""Benchmarks: how fast the engine and the whole service are, and what bounds them.

A developers' tool beside `demo`. `python -m bench --help` says what can be measured;
docs/benchmarks.md shows the results.
"""

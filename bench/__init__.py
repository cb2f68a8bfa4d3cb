"""Benchmarks: measured on demand with `make bench`, no part of the tests."""

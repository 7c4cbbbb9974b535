"""Exclusions 不计 · misses that do not count: one officer proposes one, another decides, and the miss stays as it is."""

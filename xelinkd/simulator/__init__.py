"""A stand-in for XPU Manager 1.3: its page, and REST, for machines that are not there.

For the demo, the tests and clusters without GPUs. `control` documents how it is steered while it runs.
"""

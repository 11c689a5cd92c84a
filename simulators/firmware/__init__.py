"""Byte-level firmware of the simulated instruments, one module each."""

"""The scenario file: grammar, expressions, reading, faults, lints."""

"""Immutable values of the project: numpy and scipy only, no files, no plots."""

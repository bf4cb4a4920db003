"""Bias correction: what is done to intensities before anything is measured."""

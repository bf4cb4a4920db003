"""Accuracy against known truth: cases, scores and the page."""

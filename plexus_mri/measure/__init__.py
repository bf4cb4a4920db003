"""Cross-sections, caliber, signal and their precision."""

"""Numbers about image and result quality, each with its cut-off."""

"""Left against right: index, interval, pattern, verdict."""

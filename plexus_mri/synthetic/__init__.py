"""The phantom: plexus anatomy, acquisition and truth."""

"""Left-right asymmetry of the brachial plexus on MRI."""

__version__ = "0.1.0"

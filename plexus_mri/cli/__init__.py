"""Command line: arguments to pipeline or batch, progress, exit codes; no logic of its own."""

from plexus_mri.cli.app import main

__all__ = ["main"]

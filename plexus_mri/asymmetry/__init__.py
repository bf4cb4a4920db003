"""Left against right: index, interval, pattern, verdict."""

from plexus_mri.asymmetry.compare import compare_sides
from plexus_mri.asymmetry.index import asymmetry_percent
from plexus_mri.asymmetry.settings import AsymmetrySettings

__all__ = ["AsymmetrySettings", "asymmetry_percent", "compare_sides"]

"""Numbers about image and result quality, each with its cut-off."""

from plexus_mri.quality.assess import assess_quality
from plexus_mri.quality.settings import QualitySettings
from plexus_mri.quality.warn import collect_warnings

__all__ = ["QualitySettings", "assess_quality", "collect_warnings"]

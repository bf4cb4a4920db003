"""Page of the side check: each nerve in the image and in its mirror image."""

from collections.abc import Mapping

from plexus_mri.core.caveats import CAVEATS
from plexus_mri.report.pages import content_policy, render_page


def render_side_page(report: Mapping[str, object]) -> str:
    """One self-contained page of a side check, from the data that its JSON holds."""
    return render_page(
        "side_check.html.j2", report=report, caveats=CAVEATS, policy=content_policy(())
    )

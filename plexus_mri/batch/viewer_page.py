"""The viewer page of a case: written beside its report, removed with it."""

from collections.abc import Mapping
from pathlib import Path

from plexus_mri.io.atomic import output_error, write_text
from plexus_mri.io.derivatives import case_paths
from plexus_mri.report.canvas import Figure
from plexus_mri.report.viewer import render_viewer, viewer_name


def viewer_path(out: Path, subject: str, session: str | None) -> Path:
    """Where a case's viewer page lies."""
    return out / viewer_name(case_paths(out, subject, session).html.stem)


def write_viewer(
    out: Path, summary: Mapping[str, object], figures: Mapping[str, Figure]
) -> Path | None:
    """Write the viewer page of a stored result; drop an older one when there can be none.

    Raises
    ------
    OutputError
        When the page cannot be written or removed.
    """
    session = summary.get("session")
    path = viewer_path(out, str(summary["subject"]), str(session) if session else None)
    page = render_viewer(summary, figures)
    if page is None:
        drop_viewer(path)
        return None
    write_text(path, page)
    return path


def drop_viewer(path: Path) -> None:
    """Remove a viewer page when it is there.

    Raises
    ------
    OutputError
        When it cannot be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise output_error(path, error) from error

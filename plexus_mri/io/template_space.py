"""A case in the space of its template, so that the cases of a study lie in one space."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from plexus_mri.core.case import CaseResult
from plexus_mri.io.columns import NERVE, NODE, NOTES, SESSION, SIDE, SUBJECT
from plexus_mri.io.nifti import write_volume
from plexus_mri.io.tables import Column, write_table

_COLUMNS = (
    SUBJECT,
    SESSION,
    NERVE,
    SIDE,
    NODE,
    Column("x_mm", "Centre of the nerve in template space: to the right of the midline", "mm"),
    Column("y_mm", "Centre of the nerve in template space: before the canal", "mm"),
    Column("z_mm", "Centre of the nerve in template space: above the ganglia of C7", "mm"),
)


def write_template_space(
    anat: Path, stem: str, result: CaseResult, who: Mapping[str, object]
) -> None:
    """Write image and nerves of a case in template space; nothing when it was not placed.

    The nodes are those of the profile table, by nerve, side and number.

    Raises
    ------
    OutputError
        When a file cannot be written.
    """
    if result.template is None or result.template.transform is None:
        return
    image = result.template.transform.image_in_template(result.image)
    write_volume(anat / f"{stem}_space-template_desc-preproc_T2w.nii.gz", image)
    table = anat / f"{stem}_space-template_desc-profile_measures.tsv"
    write_table(table, _COLUMNS, _rows(result, who), notes=NOTES)


def _rows(result: CaseResult, who: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    match = result.template
    if match is None or match.transform is None:
        return
    for (side, nerve), profile in result.table.profiles.items():
        places = match.transform.from_world(profile.points_mm)
        for node, (x_mm, y_mm, z_mm) in enumerate(places.round(3).tolist()):
            where = {"x_mm": x_mm, "y_mm": y_mm, "z_mm": z_mm}
            yield {**who, "nerve": nerve, "side": side, "node": node, **where}

"""The template as a folder: NIfTI, a table and JSON, in the words of the other outputs.

``template.json`` says what it was built from; ``template_T2w.nii.gz`` holds the mean image in
percent of muscle, one ``template_hemi-R_label-C5_probseg.nii.gz`` a nerve how many percent of the
cases have it there, and ``template_centerlines.tsv`` the mean courses.
"""

import hashlib
import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt

from plexus_mri.core.anatomy import Nerve, NerveKey, Side
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.grid import Grid, same_grid
from plexus_mri.core.template import MeanCourse, Template
from plexus_mri.errors import PlexusError, SettingsError
from plexus_mri.io.atomic import write_bytes
from plexus_mri.io.nifti import encoded_nifti, read_nifti
from plexus_mri.io.tables import Column, read_table, write_json, write_table

SCHEMA_VERSION = "1.0"
_ABOUT, _IMAGE, _COURSES = "template.json", "template_T2w.nii.gz", "template_centerlines.tsv"
_PERCENT = 100.0
_COLUMNS = (
    Column("nerve", "Segment of the brachial plexus"),
    Column("side", "Side of the patient"),
    Column("node", "Number of the node along the mean course, proximal to distal"),
    Column("x_mm", "To the right of the midline", "mm"),
    Column("y_mm", "Before the centre of the spinal canal", "mm"),
    Column("z_mm", "Along the canal, above the mean level of the ganglia of C7", "mm"),
    Column("spread_mm", "Root mean square distance of the single courses from the node", "mm"),
    Column("curves", "How many courses it is the mean of; two sides of a case count as two"),
)
_REMEDY = "make it with scripts/build_template.py"


def write_template(folder: Path, template: Template) -> None:
    """Write a template into a folder; the same template gives the same bytes.

    Raises
    ------
    OutputError
        When a file cannot be written.
    """
    percent = np.rint(_PERCENT * template.image.data).astype(np.int16)
    write_bytes(folder / _IMAGE, encoded_nifti(percent, template.grid))
    for key, share in template.probability.items():
        write_bytes(folder / _probability_name(key), encoded_nifti(share, template.grid))
    write_table(folder / _COURSES, _COLUMNS, _course_rows(template))
    about = {
        "schema_version": SCHEMA_VERSION,
        "cases": template.cases,
        "source": template.source,
        "space": "RAS+ mm: right of the midline, before the canal, above the ganglia of C7",
    }
    write_json(folder / _ABOUT, about)


def read_template(folder: Path) -> Template:
    """Template of a folder that `write_template` wrote.

    Raises
    ------
    SettingsError
        When a file is missing, damaged or does not fit the others; names folder and file.
    """
    try:
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        cases, source = int(about["cases"]), str(about["source"])
        courses = dict(_courses(folder / _COURSES))
        image, _ = read_nifti(folder / _IMAGE)
        shares = {key: _share(folder / _probability_name(key), image.grid) for key in courses}
        digest = _digest(folder)
    except PlexusError as error:
        msg = f"the template '{folder.name}': {error}; {_REMEDY}"
        raise SettingsError(msg) from error
    except (OSError, LookupError, TypeError, ValueError) as error:
        msg = f"the template '{folder.name}' lacks '{_ABOUT}', or that or a table is damaged"
        msg = f"{msg}; {_REMEDY}"
        raise SettingsError(msg) from error
    mean = image.with_data(image.data / _PERCENT)
    return Template(mean, shares, courses, cases, source, digest)


def _probability_name(key: NerveKey) -> str:
    side, nerve = key
    return f"template_hemi-{side}_label-{nerve.value.replace('_', '')}_probseg.nii.gz"


def _share(path: Path, grid: Grid) -> npt.NDArray[np.uint8]:
    volume, _ = read_nifti(path)
    if not same_grid(volume.grid, grid):
        msg = f"'{path.name}' lies on another grid than '{_IMAGE}'"
        raise SettingsError(msg)
    return np.rint(volume.data).astype(np.uint8)


def _course_rows(template: Template) -> Iterator[dict[str, object]]:
    for (side, nerve), course in template.courses.items():
        places = zip(course.centerline.points_mm, course.spread_mm, strict=True)
        for node, ((x_mm, y_mm, z_mm), spread_mm) in enumerate(places):
            yield {
                "nerve": nerve,
                "side": side,
                "node": node,
                "x_mm": round(float(x_mm), 3),
                "y_mm": round(float(y_mm), 3),
                "z_mm": round(float(z_mm), 3),
                "spread_mm": round(float(spread_mm), 3),
                "curves": course.curves,
            }


def _courses(path: Path) -> Iterator[tuple[NerveKey, MeanCourse]]:
    for (side, nerve), group in groupby(read_table(path), lambda r: (r["side"], r["nerve"])):
        rows = list(group)
        points = np.array([[float(row[f"{axis}_mm"]) for axis in "xyz"] for row in rows])
        spread = np.array([float(row["spread_mm"]) for row in rows])
        key = Side(side), Nerve(nerve)
        yield key, MeanCourse(Centerline(points), spread, int(rows[0]["curves"]))


def _digest(folder: Path) -> str:
    """SHA-256 over names and contents of the template's files."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("template*")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()

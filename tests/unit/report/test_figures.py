"""Figures: all there, marked, the same bytes each time, in words too."""

import io
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.case import CaseResult
from plexus_mri.core.centerline import Centerline
from plexus_mri.core.volume import EvenImage, Volume
from plexus_mri.report.base_picture import base_axes
from plexus_mri.report.blind_figures import blind_figures
from plexus_mri.report.canvas import Figure
from plexus_mri.report.figures import draw_figures
from plexus_mri.report.name_tags import nerve_tags
from plexus_mri.report.planes import axial_slice, coronal_slab, section_axes
from plexus_mri.report.section_figures import section_at
from plexus_mri.report.settings import ReportSettings
from plexus_mri.report.side_figures import first_nodes
from plexus_mri.report.views import choose_views, cut

Drawn = Mapping[str, Mapping[str, Figure]]


@pytest.fixture(scope="session")
def figures(drawn: Drawn) -> Mapping[str, Figure]:
    return drawn["result"]


def pixels(figure: Figure, mode: str = "L") -> np.ndarray:
    with Image.open(io.BytesIO(figure.bytes)) as image:
        return np.asarray(image.convert(mode), dtype=float)


def test_every_figure_has_words_and_every_layer_its_picture(figures: Mapping[str, Figure]) -> None:
    for name, figure in figures.items():
        assert figure.alt, name
        assert figure.title, name
        if figure.overlay_of:
            assert pixels(figure).shape == pixels(figures[figure.overlay_of]).shape
        elif name != "thumbnail":
            assert figure.caption, name


def test_all_groups_are_drawn(figures: Mapping[str, Figure]) -> None:
    names = set(figures)
    assert {"differences", "side_proof_coronal", "side_proof_axial", "thumbnail"} <= names
    assert {"nerves_projection", "nerves_projection_overlay", "sections_cords"} <= names
    assert {f"profile_{nerve.value}" for nerve in Nerve} <= names


def test_same_result_gives_the_same_bytes(
    result: CaseResult, small: ReportSettings, figures: Mapping[str, Figure]
) -> None:
    again = draw_figures(result, small)
    assert {n: f.bytes for n, f in again.items()} == {n: f.bytes for n, f in figures.items()}


def test_charts_hold_no_date(figures: Mapping[str, Figure]) -> None:
    assert b"<dc:date>" not in figures["profile_C6"].bytes


def test_block_on_the_patients_right_is_left_on_the_encoded_picture(
    no_frame: CaseResult, small: ReportSettings
) -> None:
    grid = no_frame.image.grid
    world = grid.to_world(np.indices(grid.shape).reshape(3, -1).T).reshape(*grid.shape, 3)
    inside = (world[..., 0] > 40) & (world[..., 0] < 90) & (np.abs(world[..., 2]) < 30)
    image = Volume(np.where(inside, 1000.0, 0.0), grid)
    shown_in = draw_figures(replace(no_frame, even=EvenImage(image)), small)
    for name in ("nerves_projection", "nerves_coronal", "side_proof_axial", "thumbnail"):
        shown = pixels(shown_in[name])
        middle = shown.shape[1] // 2
        rows = slice(shown.shape[0] // 3, 2 * shown.shape[0] // 3)  # between letters and scale bar
        assert shown[rows, :middle].mean() > 20 * max(shown[rows, middle:].mean(), 0.5)


def test_marker_on_the_patients_left_lies_under_the_letter_l(
    result: CaseResult, small: ReportSettings
) -> None:
    grid = result.image.grid
    world = grid.to_world(np.indices(grid.shape).reshape(3, -1).T).reshape(*grid.shape, 3)
    # x grows to the patient's right, so the patient's left is at negative x.
    inside = (world[..., 0] < -60) & (world[..., 0] > -90) & (np.abs(world[..., 2]) < 30)
    marked = replace(result, even=EvenImage(Volume(np.where(inside, 1000.0, 0.0), grid)))
    views = choose_views(marked, small)
    coronal = coronal_slab(marked.image, *views.projection_mm, maximum=True)
    for picture, height in (
        (coronal, None),
        (axial_slice(marked.image, views.proof_height_mm), views.proof_height_mm),
    ):
        axes = base_axes(marked, picture, small, height)
        letters = {t.get_text(): t.get_position()[0] for t in axes.texts if len(t.get_text()) == 1}
        shown = np.asarray(axes.images[0].get_array())
        columns = np.nonzero(shown.max(axis=0) > 500.0)[0] / shown.shape[1]
        assert letters["R"] < 0.5 < letters["L"]
        assert columns.min() > 0.5


def test_pictures_for_blinded_reading_hold_no_letter(
    result: CaseResult, small: ReportSettings, figures: Mapping[str, Figure]
) -> None:
    blank = replace(
        result, even=EvenImage(result.image.with_data(np.zeros(result.image.grid.shape)))
    )
    views = choose_views(blank, small)
    drawn_blind = blind_figures(blank, views, cut(blank, views), small)
    assert pixels(drawn_blind["blind_coronal"]).max() < 20  # letters would be white
    assert pixels(figures["nerves_projection"]).max() > 200


def test_layer_is_transparent_but_for_its_marks(figures: Mapping[str, Figure]) -> None:
    alpha = pixels(figures["nerves_coronal_overlay"], "RGBA")[..., 3]
    assert 0.0 < (alpha > 0).mean() < 0.2


def test_first_nodes_lie_on_their_own_side_of_the_midline(result: CaseResult) -> None:
    assert result.frame is not None
    for side, points in first_nodes(result).items():
        assert (np.sign(result.frame.lateral_mm(points)) == side.sign).all()


def test_outline_has_the_size_and_place_of_the_fitted_ellipse(
    result: CaseResult, small: ReportSettings
) -> None:
    key = (Side.LEFT, Nerve.C7)
    section = section_at(result, key, 10.0, small)
    profile = result.table.profiles[key]
    assert section is not None
    assert section.outline_mm is not None
    across = np.linalg.norm(section.outline_mm, axis=1)  # about the middle of the picture
    assert 2 * across.max() == pytest.approx(profile.long_mm[10], rel=1e-2)
    assert 2 * across.min() == pytest.approx(profile.short_mm[10], rel=1e-2)


def test_outline_lies_along_the_stored_long_axis(
    result: CaseResult, small: ReportSettings
) -> None:
    key = (Side.LEFT, Nerve.C7)
    section = section_at(result, key, 10.0, small)
    profile = result.table.profiles[key]
    assert section is not None
    assert section.outline_mm is not None
    assert profile.long_axis is not None
    axes = section_axes(Centerline(profile.points_mm).tangents[10])
    direction = profile.long_axis[10]
    farthest = section.outline_mm[np.linalg.norm(section.outline_mm, axis=1).argmax()]
    cosine = farthest @ [direction @ axes.across, direction @ axes.up] / np.linalg.norm(farthest)
    assert abs(cosine) > 0.99  # steps of 5 degrees along the outline


def test_outline_is_the_circle_of_the_same_area_where_no_direction_was_kept(
    result: CaseResult, small: ReportSettings
) -> None:
    key = (Side.LEFT, Nerve.C7)
    profile = replace(result.table.profiles[key], long_axis=None)
    table = replace(result.table, profiles={key: profile})
    section = section_at(replace(result, table=table), key, 10.0, small)
    assert section is not None
    assert section.outline_mm is not None
    radius = np.linalg.norm(section.outline_mm, axis=1)
    np.testing.assert_allclose(2 * radius, profile.diameter_mm[10])


def test_section_beyond_the_end_of_a_nerve_is_absent(
    result: CaseResult, small: ReportSettings
) -> None:
    assert section_at(result, (Side.LEFT, Nerve.C7), 200.0, small) is None


def test_nerve_lost_on_one_side_is_said_in_words(figures: Mapping[str, Figure]) -> None:
    assert "Only the left side was measured" in figures["profile_T1"].alt


def test_charts_name_the_stretch_that_differs(figures: Mapping[str, Figure]) -> None:
    assert "9 to 21 mm from the centre of the dorsal root ganglion" in (
        figures["profile_C6"].caption
    )
    assert "No stretch" in figures["profile_C5"].caption


def test_names_do_not_cover_each_other(result: CaseResult) -> None:
    tags = nerve_tags(result.nerves)
    assert len(tags) == len(result.nerves.nerves)
    for one in tags:
        for other in tags:
            if one is not other and one.side is other.side:
                apart = np.subtract(one.place_mm, other.place_mm)
                assert np.abs(apart).max() > 6.0  # a line of text


@pytest.mark.parametrize("case", ["no_frame", "no_nerves", "right_only"])
def test_degenerate_cases_are_drawn(case: str, drawn: Drawn) -> None:
    names = set(drawn[case])
    assert {"side_proof_coronal", "nerves_projection", "nerves_axial", "thumbnail"} <= names
    assert "differences" not in names


def test_without_midline_the_letters_are_doubted_in_words(drawn: Drawn) -> None:
    caption = drawn["no_frame"]["side_proof_coronal"].caption
    assert "R? and L? follow the image's own orientation" in caption

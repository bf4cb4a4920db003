from dataclasses import replace

import numpy as np
import pytest

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.core.measurement import Profile, Quality
from plexus_mri.core.series_map import RegisteredMap, SeriesMap
from plexus_mri.core.transform import AffineTransform
from plexus_mri.core.volume import Volume
from plexus_mri.measure.map_profiles import map_profiles, zero_nodes
from plexus_mri.reasons import ReasonCode
from tests.unit.shapes import grid_of

KEY = (Side.LEFT, Nerve.C6)


def profile(area_mm2):
    n = len(area_mm2)
    along = np.linspace(-10, 10, n)
    flat = np.zeros(n)
    return Profile(
        nerve=Nerve.C6,
        side=Side.LEFT,
        arc_length_mm=along + 10,
        points_mm=np.stack([along, 0 * along, 0 * along], axis=1),
        csa_mm2=np.asarray(area_mm2, float),
        csa_se_mm2=flat,
        long_mm=flat,
        short_mm=flat,
        angle_deg=flat,
        signal=flat,
        signal_se=flat,
        reference=flat,
        common_error=np.zeros_like(flat),
        quality=(Quality.GOOD,) * n,
    )


def registered(shift_mm):
    """A map whose values are its own x coordinate in mm, out of place by a shift."""
    grid = grid_of((60, 20, 20), 1.0)
    x = grid.to_world(np.indices(grid.shape).reshape(3, -1).T)[:, 0].reshape(grid.shape)
    matrix = np.eye(4)
    matrix[:3, 3] = shift_mm
    return RegisteredMap(SeriesMap("t2", Volume(x, grid)), AffineTransform(matrix))


def test_map_is_sampled_at_the_nerve_in_its_own_place():
    profiles = {KEY: profile([12.0] * 5)}
    values = map_profiles([registered([3.0, 0, 0])], profiles)["t2"][KEY]
    # float32 voxels of a linear ramp are exact but for rounding.
    assert values == pytest.approx(profiles[KEY].points_mm[:, 0] + 3.0, abs=1e-3)


def test_nodes_without_a_caliber_or_outside_the_map_have_no_value():
    profiles = {KEY: profile([12.0, np.nan, 12.0])}
    values = map_profiles([registered([0.0, 0, 0])], profiles)["t2"][KEY]
    assert np.isnan(values).tolist() == [False, True, False]
    far = map_profiles([registered([0.0, 50.0, 0])], profiles)["t2"][KEY]
    assert np.isnan(far).all()


def test_maps_that_were_left_out_have_no_column():
    left_out = RegisteredMap(
        SeriesMap("fa", None, ReasonCode.INPUT_UNREADABLE),
        None,
        reason=ReasonCode.INPUT_UNREADABLE,
    )
    assert map_profiles([left_out], {KEY: profile([12.0] * 3)}) == {}


def test_zeros_in_a_section_are_counted_where_they_lie():
    item = registered([0.0, 0, 0])
    image = item.series.image
    values = image.data + 100.0  # 70 to 130: nowhere 0
    holes = values.copy()
    holes[: len(holes) // 2] = 0.0
    full = replace(item, series=SeriesMap("t2", image.with_data(values)))
    half = replace(item, series=SeriesMap("md", image.with_data(holes)))
    profiles = {KEY: profile([12.0] * 5)}  # nodes at -10, -5, 0, 5 and 10 mm
    # The middle node lies half a millimetre beside the last zero voxel: its section holds some.
    assert zero_nodes([full, half], profiles) == {"md": {KEY: 3}}

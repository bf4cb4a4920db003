"""All nerves of one patient in world space: the ones with a truth and their neighbours."""

from dataclasses import dataclass

import numpy as np

from plexus_mri.core.anatomy import CORDS, ROOTS, TRUNKS, Nerve, NerveKey, Side
from plexus_mri.core.grid import FloatArray
from plexus_mri.synthetic import template
from plexus_mri.synthetic.caliber import AREA_MM2, Section, healthy_section, with_lesion
from plexus_mri.synthetic.posture import Posture
from plexus_mri.synthetic.shapes import Tube, arc_lengths, section_axis, smooth_curve
from plexus_mri.synthetic.spec import PhantomSpec, Variant
from plexus_mri.synthetic.tissue import RELAXATION, Tissue

STEP_MM, FINE_MM = 0.75, 0.05
GANGLION_JITTER_MM = 0.6
COURSE_JITTER_MM = 0.6
ROOTLETS_MM = 1.5


@dataclass(frozen=True, eq=False)
class NervePath:
    """One nerve as drawn: curve, sections and, for the named ones, where its truth begins.

    ``start`` is the node of arc length 0: for a root the centre of the ganglion, before which
    the nerve goes on into the canal.
    """

    key: NerveKey | None
    points_mm: FloatArray
    long_axis: FloatArray
    section: Section
    start: int = 0

    @property
    def tube(self) -> Tube:
        """Solid of the nerve."""
        return Tube(
            self.points_mm, self.long_axis, self.section.long_mm / 2, self.section.short_mm / 2
        )

    def sheath(self, seed: int) -> Tube:
        """Coat of fat around the nerve, up to 1.6 mm, in places none: there muscle touches it."""
        rng = np.random.default_rng([seed, 5, len(self.points_mm)])
        arc = arc_lengths(self.points_mm)[:, None]
        waves = np.sin(2 * np.pi * arc / rng.uniform(12, 40, 3) + rng.uniform(0, 2 * np.pi, 3))
        return self.tube.grown(np.clip(0.5 + 0.8 * waves.mean(axis=1), 0.0, 1.6))


@dataclass(frozen=True, eq=False)
class PlexusBuilder:
    """Builds the nerves of one side from the template and the side's own draws."""

    spec: PhantomSpec
    posture: Posture
    side: Side

    def paths(self) -> list[NervePath]:
        """Named nerves first, then divisions and neighbours."""
        trunks = {nerve: self._course(nerve, template.TRUNK_COURSES[nerve]) for nerve in TRUNKS}
        cords = {nerve: self._course(nerve, template.CORD_COURSES[nerve]) for nerve in CORDS}
        roots = [self._root(nerve, trunks) for nerve in ROOTS]
        longer = [self._named(nerve, points) for nerve, points in {**trunks, **cords}.items()]
        return [*roots, *longer, *self._divisions(trunks, cords), *self._neighbours()]

    def _jitter(self, name: str, count: int, rms_mm: float) -> FloatArray:
        """Shift (count, 3) of waypoints, drawn from the side's seed and the structure's name."""
        key = [int(byte) for byte in name.encode()]
        rng = np.random.default_rng([self.spec.anatomy.side(self.side).seed, 3, *key])
        return rng.normal(size=(count, 3)) * rms_mm

    def _place(self, name: str, waypoints: FloatArray, rms_mm: FloatArray) -> FloatArray:
        shift = self._jitter(name, len(waypoints), 1.0) * np.reshape(rms_mm, (-1, 1))
        raised = waypoints + np.array([0.0, 0.0, self.spec.anatomy.level_shift_mm])
        return self.posture.place(raised, self.side, jitter_mm=shift)

    def _course(self, nerve: Nerve, waypoints: tuple[template.Point, ...]) -> FloatArray:
        placed = self._place(nerve, np.array(waypoints), np.full(3, COURSE_JITTER_MM))
        return _stepwise(smooth_curve(placed, step_mm=FINE_MM))

    def _root(self, nerve: Nerve, trunks: dict[Nerve, FloatArray]) -> NervePath:
        """Root from the foramen entry through its ganglion to the trunk."""
        middle, trunk_name, beside = template.ROOT_ENDS[nerve]
        trunk = trunks[trunk_name]
        rows = [*template.SPINAL_NERVES[nerve][1:], middle]
        rms_mm = np.array([0.3, GANGLION_JITTER_MM, 0.5, COURSE_JITTER_MM])
        placed = self._place(nerve, np.array(rows, dtype=float), rms_mm)
        end = trunk[0] + self.posture.direction(beside, self.side)
        tangent = (trunk[3] - trunk[0]) / np.linalg.norm(trunk[3] - trunk[0])
        fine = smooth_curve(np.vstack([placed, end]), step_mm=FINE_MM, end_tangent=tangent)
        cut = int(np.argmin(np.linalg.norm(fine - placed[1], axis=1)))
        inner, outer = _stepwise(fine[cut::-1])[::-1], _stepwise(fine[cut:])
        return self._named(nerve, np.vstack([inner[:-1], outer]), start=len(inner) - 1)

    def _named(self, nerve: Nerve, points_mm: FloatArray, *, start: int = 0) -> NervePath:
        """Nerve with its sections and lesions."""
        arc = arc_lengths(points_mm)
        arc = arc - arc[start]
        section = healthy_section(nerve, arc, self.spec, self.spec.anatomy.side(self.side))
        for lesion in self.spec.lesions:
            if (lesion.side, lesion.nerve) == (self.side, nerve):
                section = with_lesion(section, arc, lesion)
        up = self.posture.direction((0.0, 0.0, 1.0), None)
        # A turn about the curve changes its sense in the mirror.
        axis = section_axis(points_mm, up, angle_deg=-self.side.sign * section.angle_deg)
        return NervePath((self.side, nerve), points_mm, axis, section, start)

    def _divisions(
        self, trunks: dict[Nerve, FloatArray], cords: dict[Nerve, FloatArray]
    ) -> list[NervePath]:
        paths = []
        for trunk, cord, middle, share in template.DIVISIONS:
            name = f"{trunk}>{cord}"
            way = self._place(name, np.array([middle]), np.array([0.6]))
            before = trunks[trunk][[-4, -1]]
            after = cords[cord][[0, 3]]
            curve = smooth_curve(np.vstack([before, way, after]), step_mm=STEP_MM)
            diameter_mm = 2 * np.sqrt(share * AREA_MM2[trunk] / np.pi)
            paths.append(self._unnamed(curve, diameter_mm * self.spec.anatomy.caliber))
        return paths

    def _neighbours(self) -> list[NervePath]:
        """Branches, spinal nerves that join no plexus, rootlets, and a variant's extra root."""
        paths = []
        for name, (waypoints, diameter_mm) in template.BRANCHES.items():
            rms_mm = np.full(len(waypoints), COURSE_JITTER_MM)
            rms_mm[0] = 0.3
            placed = self._place(name, np.array(waypoints, dtype=float), rms_mm)
            paths.append(self._unnamed(smooth_curve(placed, step_mm=STEP_MM), diameter_mm))
        variant = self.spec.anatomy.side(self.side).variant
        extra = {
            Variant.PREFIXED: template.PREFIXED_BRANCH,
            Variant.POSTFIXED: template.POSTFIXED_BRANCH,
        }.get(variant)
        if extra is not None:
            placed = self._place("extra", np.array(extra, dtype=float), np.full(len(extra), 0.4))
            paths.append(self._unnamed(smooth_curve(placed, step_mm=STEP_MM), 2.6))
        paths.extend(self._outside_ganglion(level) for level in ("C3", "C4", "T2"))
        paths.extend(self._rootlets(level) for level in template.SPINAL_NERVES)
        return paths

    def _rootlets(self, level: str) -> NervePath:
        """Bundle of rootlets through the bright fluid, from the cord to the foramen."""
        cord, foramen = (np.array(point) for point in template.SPINAL_NERVES[level][:2])
        bend = foramen + np.array([-1.5, -0.8, 4.0])
        start = cord * np.array([0.8, 1.0, 1.0])
        placed = self._place(f"{level}0", np.array([start, bend, foramen]), np.full(3, 0.2))
        return self._unnamed(smooth_curve(placed, step_mm=STEP_MM), ROOTLETS_MM)

    def _outside_ganglion(self, level: str) -> NervePath:
        """Spinal nerve of a level that joins no trunk, with its ganglion."""
        rows = np.array(template.SPINAL_NERVES[level][1:], dtype=float)
        placed = self._place(level, rows, np.array([0.3, GANGLION_JITTER_MM, 0.3]))
        fine = smooth_curve(placed, step_mm=FINE_MM)
        cut = int(np.argmin(np.linalg.norm(fine - placed[1], axis=1)))
        points = _stepwise(fine)
        arc = arc_lengths(points) - cut * arc_lengths(fine)[-1] / (len(fine) - 1)
        section = healthy_section(Nerve.C5, arc, self.spec, self.spec.anatomy.side(self.side))
        up = self.posture.direction((0.0, 0.0, 1.0), None)
        return NervePath(None, points, section_axis(points, up), section)

    def _unnamed(self, points_mm: FloatArray, diameter_mm: float) -> NervePath:
        """Round nerve of one size without a truth."""
        size = np.full(len(points_mm), diameter_mm)
        it = RELAXATION[Tissue.NERVE]
        t2_ms = np.full(len(points_mm), self.spec.anatomy.nerve_t2_ms)
        section = Section(size, size, 0 * size, np.full_like(size, it.t1_ms), t2_ms)
        up = self.posture.direction((0.0, 0.0, 1.0), None)
        # Never parallel to a curve that runs straight up: lean the reference a little.
        lean = up + 0.3 * self.posture.direction((0.0, 1.0, 0.0), None)
        return NervePath(None, points_mm, section_axis(points_mm, lean), section)


def _stepwise(points_mm: FloatArray) -> FloatArray:
    """Points every 0.75 mm from the start of a finely sampled curve, and its end.

    Counting from the start puts the nodes of both sides at equal arc lengths; only the last step
    differs, between half and one and a half times the others.
    """
    arc = arc_lengths(points_mm)
    whole = np.arange(0.0, arc[-1] - STEP_MM / 2, STEP_MM)
    places = np.append(whole, arc[-1])
    return np.stack([np.interp(places, arc, points_mm[:, k]) for k in range(3)], axis=1)

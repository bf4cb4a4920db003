"""Settings of the patient frame."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RegistrationSettings:
    """How the canal and the midline are found, and when they are refused."""

    # Working grid: the canal is 16-18 mm wide (PAM50, De Leener 2018), so 2 mm is ample.
    work_spacing_mm: float = 2.0
    # Radius of the canal's cross-section: half of 16.5-18.5 × 12-12.5 mm (PAM50).
    canal_radius_mm: float = 7.0
    # A canal shorter than this is no landmark: three vertebral levels of 16-20 mm (PAM50).
    shortest_canal_mm: float = 50.0
    # A slice holds the canal when its contrast is above this share of the canal's median
    # contrast (chosen on synthetic cases, see ADR-20).
    canal_contrast_share: float = 0.4
    # Least share by which the canal is brighter than its surroundings: noise gives below 0.1,
    # T2-weighted necks 0.5 and more (ADR-20).
    least_canal_contrast: float = 0.3
    # The canal lies deeper below the skin than this; bright fat under the skin does not
    # (paraspinal muscle alone is about 40 mm thick behind the cervical canal; no source read).
    least_canal_depth_mm: float = 20.0
    # Least correlation of the image with its mirror image about the canal: below it, what was
    # found is no midline (ADR-20).
    least_mirror_correlation: float = 0.3
    # Largest rotation of the shoulders about the long axis that is searched.
    largest_turn_deg: float = 25.0
    # Canal midline and mirror plane may differ by this much; half the distance from the
    # midline to a ganglion (13-14 mm, domain waypoints) is the most that is safe.
    largest_midline_error_mm: float = 6.0
    # No nerve of a side may come closer to the midline than this, or the side is unproven.
    smallest_margin_mm: float = 3.0
    # Let further series (maps) be scaled and sheared onto the main image, not only moved.
    map_affine: bool = False
    # A map must cover this share of the body in the main image; less cannot be judged.
    least_overlap: float = 0.15
    # Normalised mutual information, share of it that is lost 12 mm out of place, and share by
    # which a map agrees better than its own mirror image (chosen on synthetic cases, ADR-52).
    least_similarity: float = 0.04
    least_sharpness: float = 0.4
    least_handedness: float = 0.08
    # Normalised mutual information of a straightened case with the template; less is no likeness
    # (chosen on synthetic cases, ADR-53).
    least_template_similarity: float = 0.05
    # A nerve farther than this from its mean course in the template is flagged: half the distance
    # between neighbouring levels (16.5-20.5 mm, PAM50), where another root's place is as near.
    farthest_from_template_mm: float = 9.0

"""The closed list of reason codes: why a series, a case, a nerve or a number is missing."""

from enum import StrEnum
from typing import Self


class ReasonCode(StrEnum):
    """A reason in one word for tables; ``text`` is the same in a sentence for people."""

    text: str

    def __new__(cls, code: str, text: str) -> Self:
        """Make a member whose value is the code and that carries its sentence."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.text = text
        return member

    # Input
    INPUT_MISSING = "INPUT_MISSING", "The path does not exist."
    INPUT_EMPTY = "INPUT_EMPTY", "No readable image was found."
    INPUT_UNREADABLE = "INPUT_UNREADABLE", "The file is damaged or is not what its name says."
    INPUT_UNSUPPORTED = "INPUT_UNSUPPORTED", "The kind of file or encoding is not supported."
    INPUT_AMBIGUOUS = "INPUT_AMBIGUOUS", "Several images fit and none can be preferred."
    INPUT_NOT_MAIN = "INPUT_NOT_MAIN", "Sound, but another series was chosen as the main image."
    PIXEL_4D = "PIXEL_4D", "The image has more than three dimensions."
    PIXEL_NOT_SCALAR = (
        "PIXEL_NOT_SCALAR",
        "Pixels are complex, colour or otherwise not one number.",
    )
    PIXEL_NOT_FINITE = "PIXEL_NOT_FINITE", "The image holds NaN or infinite values."
    PIXEL_RANGE = "PIXEL_RANGE", "Values are too large for 32-bit numbers."
    PIXEL_CONSTANT = "PIXEL_CONSTANT", "All pixels have the same value."
    PIXEL_NEGATIVE = (
        "PIXEL_NEGATIVE",
        "The image holds negative values: ratios of signal need a zero that means no signal.",
    )
    PIXEL_MISSING = "PIXEL_MISSING", "Pixel data are missing or shorter than promised."
    PIXEL_COMPRESSION = "PIXEL_COMPRESSION", "The compression is unsupported or broken."
    PIXEL_RESCALE = "PIXEL_RESCALE", "Slices differ in their rescale slope or intercept."
    KIND_NOT_IMAGE = "KIND_NOT_IMAGE", "The object is not an MR image."
    KIND_LOCALIZER = "KIND_LOCALIZER", "A localizer, not a measurement."
    KIND_DERIVED = "KIND_DERIVED", "A derived copy or projection, not an acquired image."
    KIND_MOSAIC = "KIND_MOSAIC", "A mosaic, whose slices share one frame."
    # Geometry
    GEO_MISSING_SLICE = "GEO_MISSING_SLICE", "Slice positions are missing."
    GEO_DUPLICATE_SLICE = "GEO_DUPLICATE_SLICE", "Slices overlap or repeat with other pixels."
    GEO_UNEVEN_SPACING = "GEO_UNEVEN_SPACING", "Slices are not evenly spaced."
    GEO_MIXED_ORIENTATION = "GEO_MIXED_ORIENTATION", "Slices differ in orientation."
    GEO_MIXED_SIZE = "GEO_MIXED_SIZE", "Slices differ in size or pixel spacing."
    GEO_SHEARED = "GEO_SHEARED", "Slices are stacked at a slant (gantry tilt or sheared stack)."
    GEO_NO_POSITION = "GEO_NO_POSITION", "Position or orientation of slices is missing."
    GEO_TOO_FEW_SLICES = "GEO_TOO_FEW_SLICES", "Too few slices to follow a nerve."
    GEO_BAD_AFFINE = "GEO_BAD_AFFINE", "The affine cannot be inverted or holds no real spacing."
    SIDE_UNPROVEN = "SIDE_UNPROVEN", "Left and right cannot be proven from this image."
    # Masks and landmarks of the user
    MASK_GRID = "MASK_GRID", "The mask does not cover the same space as the image."
    MASK_LABELS = "MASK_LABELS", "The mask and its label table do not match."
    MASK_SIDE = "MASK_SIDE", "A label lies on the other side of the midline than its name says."
    MASK_STRAY = "MASK_STRAY", "A label has a piece far away from the rest of it."
    MASK_NONE = "MASK_NONE", "No mask or network drew this nerve, so there is no area of one."
    MASK_DISAGREES = (
        "MASK_DISAGREES",
        "The mask's area and the fitted one differ by more than drawing voxels explains.",
    )
    LANDMARKS_TABLE = "LANDMARKS_TABLE", "The file of landmarks does not say where a root leaves."
    LANDMARKS_PLACE = (
        "LANDMARKS_PLACE",
        "A landmark lies outside the image, far from the spine or on the other side than it says.",
    )
    LANDMARKS_LEVEL = (
        "LANDMARKS_LEVEL",
        "Landmarks contradict each other, or no level that was found lies where they are.",
    )
    CORRECTION_STALE = (
        "CORRECTION_STALE",
        "A correction is not used: the image or label map that it edited has changed since.",
    )
    # Networks of others
    MODEL_UNUSABLE = (
        "MODEL_UNUSABLE",
        "The model folder, its manifest or its weights cannot be used.",
    )
    MODEL_UNSAFE = (
        "MODEL_UNSAFE",
        "The model could run code of its own, so it was not loaded.",
    )
    MODEL_LIBRARY = "MODEL_LIBRARY", "The library that runs the model is not installed."
    # Further series (maps)
    MAP_NO_OVERLAP = "MAP_NO_OVERLAP", "The map covers too little of the main image's body."
    MAP_NOT_REGISTERED = "MAP_NOT_REGISTERED", "The map could not be placed on the main image."
    MAP_ZERO = (
        "MAP_ZERO",
        "The map is exactly 0 in part of a nerve: a value of 0, or none measured there.",
    )
    # Template
    TEMPLATE_NOT_REGISTERED = (
        "TEMPLATE_NOT_REGISTERED",
        "The case could not be placed in the template, so no place is compared with it.",
    )
    TEMPLATE_FAR = "TEMPLATE_FAR", "The nerve lies far from where the template expects it."
    # Coverage and following
    MIDLINE_NOT_FOUND = "MIDLINE_NOT_FOUND", "No spinal canal was found, so there is no midline."
    COVERAGE_LEFT = (
        "COVERAGE_LEFT",
        "Too little of the nerve or of its side is in the field of view on the left.",
    )
    COVERAGE_RIGHT = (
        "COVERAGE_RIGHT",
        "Too little of the nerve or of its side is in the field of view on the right.",
    )
    MUSCLE_OUTSIDE = "MUSCLE_OUTSIDE", "The muscle is outside the field of view on this side."
    COVERAGE_NONE = (
        "COVERAGE_NONE",
        "Too little of the nerve is in the field of view on both sides.",
    )
    NERVE_NOT_FOUND = "NERVE_NOT_FOUND", "The nerve could not be found with confidence."
    NERVE_LOST = "NERVE_LOST", "The nerve could be followed only part of the way."
    NERVE_BRIDGED = (
        "NERVE_BRIDGED",
        "The nerve is not seen over a few millimetres of its course; the line bridges that gap.",
    )
    LEVEL_DOUBT = "LEVEL_DOUBT", "The level names may be shifted by one on both sides."
    LEVEL_STATED = "LEVEL_STATED", "The level names rest on landmarks that the user stated."
    LEVEL_DISPUTED = (
        "LEVEL_DISPUTED",
        "The stated levels are followed, but another naming fits the courses in the image better.",
    )
    NAME_DOUBT = (
        "NAME_DOUBT",
        "Two nerves may be exchanged on one side, or a cord is far wider than its trunks.",
    )
    LOW_CONFIDENCE = "LOW_CONFIDENCE", "The trace has a confidence below the stated limit."
    # Measures
    TOO_SHORT = "TOO_SHORT", "Too little of the nerve to measure this."
    FIT_FAILED = "FIT_FAILED", "The cross-section could not be fitted."
    LANDMARK_DOUBT = "LANDMARK_DOUBT", "It is not sure that the root's first node is its ganglion."
    NERVES_TOUCH = "NERVES_TOUCH", "A neighbour cannot be told apart from the nerve here."
    THIN_FOR_VOXEL = "THIN_FOR_VOXEL", "The nerve is under three voxels wide; the error is larger."
    VOXEL_COARSE = (
        "VOXEL_COARSE",
        "The nerve is under two voxels wide: only averages are compared; under one, nothing.",
    )
    FEW_INSIDE = "FEW_INSIDE", "Too few voxels lie wholly inside the nerve to measure this."
    NO_REFERENCE = "NO_REFERENCE", "No reference muscle was found at this level."
    SHADING_KEPT = (
        "SHADING_KEPT",
        "The coil's shading was not taken out: differences of signal between the sides may be it.",
    )
    SHADING_DOUBT = (
        "SHADING_DOUBT",
        "Muscle tells the coil's shading poorly here; the error is in every interval of signal.",
    )
    NO_MARROW = "NO_MARROW", "No column of vertebral bodies was recognised before the canal."
    REFERENCE_UNEQUAL = (
        "REFERENCE_UNEQUAL",
        "Reference muscle of left and right differ: that of the darker side serves both.",
    )
    MUSCLE_UNEVEN = (
        "MUSCLE_UNEVEN",
        "No even muscle was found where this muscle is expected, so it was not sampled.",
    )
    MUSCLE_ONE_SIDE = (
        "MUSCLE_ONE_SIDE",
        "The muscle was sampled on one side only, or at no place that both sides have.",
    )
    QUALITY_LOW = "QUALITY_LOW", "A number of the image's quality misses its cut-off."
    SIDES_UNLIKE = (
        "SIDES_UNLIKE",
        "One side is many times as large as the other: it may not be the nerve; look at it.",
    )
    SIDE_MISSING = "SIDE_MISSING", "The nerve was measured on one side only."
    NOT_TESTED = "NOT_TESTED", "Given for information; never called a difference."
    HEALTHY_SPREAD = "HEALTHY_SPREAD", "The sides differ, but no more than in healthy people."
    # Running
    CASE_CRASHED = "CASE_CRASHED", "An unexpected error stopped this case."
    CASE_TIMEOUT = "CASE_TIMEOUT", "The case took longer than --case-timeout allows."
    CASE_MEMORY = "CASE_MEMORY", "The case needed more memory than it may use."
    OUTPUT_NOT_WRITABLE = "OUTPUT_NOT_WRITABLE", "The output cannot be written."
    SETTINGS_BAD = "SETTINGS_BAD", "A setting or command is wrong."
    STOPPED = "STOPPED", "Stopped by the user."

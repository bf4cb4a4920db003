"""The steps of a case by name; known without loading what they do."""

from collections.abc import Mapping

# Step -> packages whose code and settings shape it; one line per step of `pipeline.run_case`.
PARTS_OF_STEP: Mapping[str, tuple[str, ...]] = {
    "bias": ("preprocess",),
    "frame": ("registration",),
    "trace": ("segmentation", "tracing"),
    "sides": ("registration",),
    "shading": ("preprocess",),
    "measure": ("measure",),
    "maps": ("registration", "measure"),
    "compare": ("asymmetry",),
    "quality": ("quality", "tracing"),
    "template": ("registration",),
    "write": ("report", "batch/case_process.py", "batch/viewer_page.py"),
}
STEPS = tuple(PARTS_OF_STEP)

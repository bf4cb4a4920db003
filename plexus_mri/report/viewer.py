"""The viewer page: the volume with its nerves to scroll through, in a file of its own.

The program that draws is NiiVue; its bundle is fetched at set-up (``scripts/fetch_viewer.py``)
and put into the page only when its SHA-256 is the one that was chosen.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from plexus_mri.core.anatomy import NERVE_KEYS, Side
from plexus_mri.report.canvas import NERVE_COLORS, Figure
from plexus_mri.report.pages import content_policy, render_page, source_hash
from plexus_mri.report.words import key_words

IMAGE, LABELS = "viewer_image", "viewer_labels"
GROUP = "viewer"
_STARTER = "viewer.js.j2"


@dataclass(frozen=True)
class Bundle:
    """The viewer's program and what it is."""

    text: str
    name: str
    version: str
    license: str


@cache
def viewer_bundle() -> Bundle | None:
    """Viewer's program; None when it was not fetched or is not the one that was chosen."""
    folder = files("plexus_mri.report") / "browser"
    wanted = json.loads((folder / "niivue.json").read_text(encoding="utf-8"))
    program = folder / "niivue.umd.js"
    if not program.is_file():
        return None
    content = program.read_bytes()
    if hashlib.sha256(content).hexdigest() != wanted["sha256"]:
        return None
    return Bundle(content.decode("utf-8"), "NiiVue", wanted["version"], wanted["license"])


def viewer_name(stem: str) -> str:
    """File name of a case's viewer page.

    >>> viewer_name("sub-01")
    'sub-01_viewer.html'
    """
    return f"{stem}_viewer.html"


def viewer_figures(image: bytes, labels: bytes) -> Mapping[str, Figure]:
    """Volume and labels as the report keeps them, so that the page can be made again."""
    return {
        name: Figure(content, "application/gzip", words, "", words, GROUP)
        for name, content, words in (
            (IMAGE, image, "Image of the viewer, eight bits"),
            (LABELS, labels, "Nerves of the viewer"),
        )
    }


def render_viewer(summary: Mapping[str, object], figures: Mapping[str, Figure]) -> str | None:
    """Viewer page of a case; None without its volume or without the viewer's program."""
    bundle = viewer_bundle()
    if bundle is None or IMAGE not in figures or LABELS not in figures:
        return None
    extra = (
        "worker-src blob:",
        "connect-src data: blob:",
        "img-src data: blob:",
    )
    policy = content_policy((_STARTER,), (source_hash(bundle.text),), extra)
    return render_page(
        "viewer.html.j2",
        s=summary,
        bundle=bundle,
        image=base64.b64encode(figures[IMAGE].bytes).decode("ascii"),
        labels=base64.b64encode(figures[LABELS].bytes).decode("ascii"),
        colors=label_colors(),
        names=nerve_names(),
        policy=policy,
    )


def label_colors() -> Mapping[str, list[int] | list[str]]:
    """Colour table of the viewer's labels: 0 is clear, k is the k-th of ``NERVE_KEYS``."""
    hexes = [NERVE_COLORS[nerve] for _, nerve in NERVE_KEYS]
    parts = [[0, *(int(h[k : k + 2], 16) for h in hexes)] for k in (1, 3, 5)]
    return {
        "R": parts[0],
        "G": parts[1],
        "B": parts[2],
        "A": [0, *(255 for _ in hexes)],
        "I": list(range(len(hexes) + 1)),
        "labels": ["", *nerve_names()],
    }


def nerve_names() -> list[str]:
    """Names of the labels from 1 on, with the patient's side in letters."""
    return [f"{'R' if key[0] is Side.RIGHT else 'L'}: {key_words(key)}" for key in NERVE_KEYS]

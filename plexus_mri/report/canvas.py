"""Drawing surfaces: matplotlib figures without global state, encoded as WebP or SVG."""

import io
from collections.abc import Mapping
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Drawing
from matplotlib.patheffects import withStroke
from PIL import Image

from plexus_mri.core.anatomy import Nerve, Side
from plexus_mri.report.planes import Picture

Bytes = bytes
WEBP, SVG = "image/webp", "image/svg+xml"
_ENDINGS = {SVG: "svg", "application/gzip": "nii.gz"}
_DPI = 100
_HASH_SALT = "plexus-mri"  # makes the identifiers inside an SVG the same on each run

# Okabe & Ito's colours, told apart by colour-blind readers; sides also differ in line and marker.
SIDE_COLORS = {Side.LEFT: "#0072B2", Side.RIGHT: "#D55E00"}
SIDE_LINES = {Side.LEFT: "--", Side.RIGHT: "-"}
NERVE_COLORS = {
    Nerve.C5: "#E69F00",
    Nerve.C6: "#56B4E9",
    Nerve.C7: "#00C48C",
    Nerve.C8: "#F0E442",
    Nerve.T1: "#F08BC0",
    Nerve.UPPER_TRUNK: "#E69F00",
    Nerve.MIDDLE_TRUNK: "#00C48C",
    Nerve.LOWER_TRUNK: "#F0E442",
    Nerve.LATERAL_CORD: "#FF7F50",
    Nerve.POSTERIOR_CORD: "#B8E0FF",
    Nerve.MEDIAL_CORD: "#F08BC0",
}


@dataclass(frozen=True)
class Figure:
    """One picture or chart of the report, encoded, with what it shows in words.

    ``group`` is the part of the page it belongs to; ``overlay_of`` names the picture that it is
    laid over, when it is a transparent layer.
    """

    bytes: Bytes
    mime: str
    alt: str
    caption: str
    title: str
    group: str = ""
    overlay_of: str = ""

    def note(self, name: str) -> Mapping[str, object]:
        """Everything but the picture itself, for the stored report."""
        return {
            "name": name,
            "file": file_name(name, self.mime),
            "mime": self.mime,
            "group": self.group,
            "title": self.title,
            "caption": self.caption,
            "alt": self.alt,
            "overlay_of": self.overlay_of,
        }


def file_name(name: str, mime: str) -> str:
    """File name of a stored figure.

    >>> file_name("profile_C5", "image/svg+xml")
    'profile_C5.svg'
    """
    return f"{name}.{_ENDINGS.get(mime, 'webp')}"


def picture_axes(picture: Picture, width_px: int) -> Axes:
    """Axes in the picture's millimetres that fill a figure ``width_px`` wide."""
    height_px = round(width_px * picture.height_mm / picture.width_mm)
    axes = pixel_axes(width_px, height_px)
    axes.set_xlim(picture.left_mm, picture.right_mm)
    axes.set_ylim(picture.bottom_mm, picture.top_mm)
    return axes


def pixel_axes(width_px: int, height_px: int) -> Axes:
    """Axes without frame that fill a transparent figure of so many pixels."""
    drawing = Drawing(figsize=(width_px / _DPI, height_px / _DPI), dpi=_DPI)
    FigureCanvasAgg(drawing)
    drawing.patch.set_alpha(0.0)
    axes = drawing.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    return axes


def board_axes(size_px: tuple[int, int]) -> Axes:
    """Transparent axes in pixels of the figure (width, height), y growing downwards."""
    axes = pixel_axes(*size_px)
    axes.set_xlim(0, size_px[0])
    axes.set_ylim(size_px[1], 0)
    return axes


def show_picture(axes: Axes, picture: Picture, window: tuple[float, float]) -> None:
    """Grey values of a picture at their place in millimetres; outside the image is black."""
    axes.imshow(
        picture.pixels,
        extent=(picture.left_mm, picture.right_mm, picture.bottom_mm, picture.top_mm),
        cmap="gray",
        vmin=window[0],
        vmax=window[1],
        interpolation="bicubic",
        aspect="auto",
    )


def write(axes: Axes, place: tuple[float, float], text: str, **style: object) -> None:
    """Text with a dark rim, so that it reads on dark and on bright tissue."""
    look: dict[str, object] = {"color": "white", "fontsize": 12, "ha": "center", "va": "center"}
    look |= {"path_effects": [withStroke(linewidth=3, foreground="black")]} | style
    axes.text(*place, text, **look)  # type: ignore[arg-type]  # style is checked by matplotlib


def from_zero(*panels: Axes) -> None:
    """Start at zero, so that a small difference looks small, and leave room above the curves."""
    top = max(axes.dataLim.y1 for axes in panels)
    for axes in panels:
        axes.set_ylim(0.0, 1.08 * top if np.isfinite(top) and top > 0.0 else 1.0)


def to_webp(axes: Axes, *, quality_percent: int | None) -> Bytes:
    """WebP bytes of the whole figure; lossless with its transparency when no quality is given."""
    drawing = axes.get_figure(root=True)
    canvas = FigureCanvasAgg(drawing)
    canvas.draw()  # type: ignore[no-untyped-call]  # matplotlib leaves it untyped
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]  # as above
    image = Image.fromarray(pixels)
    out = io.BytesIO()
    if quality_percent is None:
        image.save(out, "WEBP", lossless=True, exact=False, method=1)
    else:
        black = Image.new("RGB", image.size)
        black.paste(image, mask=image.getchannel("A"))
        black.save(out, "WEBP", quality=quality_percent, method=2)
    return out.getvalue()


def shrunk_webp(encoded: Bytes, width_px: int) -> Bytes:
    """Smaller copy of an encoded picture."""
    with Image.open(io.BytesIO(encoded)) as image:
        height_px = round(image.height * width_px / image.width)
        small = image.convert("RGB").resize((width_px, height_px), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "WEBP", quality=60, method=6)
    return out.getvalue()


def to_svg(drawing: Drawing) -> Bytes:
    """SVG bytes of a chart, the same on every run: no date and fixed identifiers."""
    out = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": _HASH_SALT, "svg.fonttype": "path"}):
        drawing.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()

"""Templates to pages: escaped, self-contained, with a content policy that names each script."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from plexus_mri.report.canvas import Figure

STYLE = "style.css.j2"


@cache
def environment() -> Environment:
    """Templates with escaping on; a value that is not there is an error."""
    made = Environment(
        loader=PackageLoader("plexus_mri.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["data_uri"] = data_uri
    made.filters["shown"] = shown
    made.globals["source"] = source
    return made


def render_page(template: str, **values: object) -> str:
    """Page of a template and its values."""
    return environment().get_template(template).render(**values)


@cache
def source(name: str) -> Markup:
    """Script or style of our own as it stands in the page; it holds no value of a case."""
    return Markup(environment().get_template(name).render())  # noqa: S704 - our own file


def source_hash(text: str) -> str:
    """Word of a content policy that lets exactly this script or style run."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def content_policy(
    scripts: Iterable[str], hashes: Iterable[str] = (), extra: Iterable[str] = ()
) -> str:
    """Content policy of a page: nothing from outside, no script but the named ones.

    Parameters
    ----------
    scripts
        Templates of our own scripts that the page holds.
    hashes
        `source_hash` of further scripts.
    extra
        Directives to add; one that is here takes the place of the usual one.
    """
    named = " ".join([*(source_hash(source(name)) for name in scripts), *hashes])
    usual = {
        "default-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "img-src": "data:",
        "style-src": source_hash(source(STYLE)),
        "script-src": named or "'none'",
    }
    usual |= dict(directive.split(" ", 1) for directive in extra)
    return "; ".join(f"{name} {value}" for name, value in usual.items())


def data_uri(figure: Figure) -> str:
    """Address that holds the picture itself."""
    return f"data:{figure.mime};base64,{base64.b64encode(figure.bytes).decode('ascii')}"


def shown(value: object) -> str:
    """Value of a fact for reading: words for yes and no, ``n/a`` for nothing.

    >>> shown(True), shown(None), shown([1, 2.5])
    ('yes', 'n/a', '1, 2.5')
    """
    if value is None or value == "":
        return "n/a"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {shown(item)}" for key, item in value.items()) or "n/a"
    if isinstance(value, list | tuple):
        return ", ".join(shown(item) for item in value) or "n/a"
    return str(value)

"""The viewer page: starts when asked, shows the volume and the nerves."""

import io

import numpy as np
import pytest
from PIL import Image

from plexus_mri.report.viewer import viewer_bundle


@pytest.fixture
def viewer(watched, folder):
    if viewer_bundle() is None:
        pytest.skip("the viewer's program was not fetched; run scripts/fetch_viewer.py")
    watched.page.goto((folder / "sub-01_viewer.html").as_uri())
    return watched


def pixels(page) -> np.ndarray:
    with Image.open(io.BytesIO(page.locator("#screen").screenshot())) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def colored(picture: np.ndarray) -> int:
    return int((picture.max(axis=2) - picture.min(axis=2) > 60).sum())


def test_viewer_starts_only_when_asked_and_shows_volume_and_nerves(viewer):
    page = viewer.page
    assert page.evaluate("typeof window.niivue") == "undefined"
    page.select_option("#plane", "1")
    page.click("#start")
    page.wait_for_selector("body.started")
    page.wait_for_timeout(1500)
    with_nerves = pixels(page)
    # The volume fills much of the screen with greys above black; nerves are coloured.
    assert (with_nerves.mean(axis=2) > 15).mean() > 0.2
    assert colored(with_nerves) > 100
    page.keyboard.press("f")
    page.wait_for_timeout(1500)
    assert colored(pixels(page)) < colored(with_nerves) / 10
    assert viewer.outside == []
    assert viewer.errors == []


def test_going_to_a_nerve_names_it_and_its_side(viewer):
    page = viewer.page
    page.select_option("#nerve", label="R: right C6 root")
    page.click("#start")
    page.wait_for_selector("body.started")
    words = page.locator("#place").inner_text()
    assert "R: right C6 root" in words
    assert "mm to the patient's right of the midline" in words
    page.select_option("#nerve", label="L: left C6 root")
    assert "mm to the patient's left of the midline" in page.locator("#place").inner_text()
    page.select_option("#nerve", label="R: right T1 root")
    assert "not found" in page.locator("#place").inner_text()


def test_viewer_does_not_start_while_reading_is_blinded(viewer):
    page = viewer.page
    page.evaluate("localStorage.setItem('plexus-mri/blind', '1')")
    page.click("#start")
    assert "Blinded reading is on" in page.locator("#place").inner_text()
    assert page.evaluate("typeof window.niivue") == "undefined"

"""Machine code kept on disk is that of the sources as they are."""

from plexus_mri.measure.compiled import forget_stale_code


def kept_code(folder):
    return sorted(path.name for path in (folder / "__pycache__").glob("*.nb*"))


def test_code_is_kept_while_the_sources_stay_and_forgotten_when_one_changes(tmp_path):
    (tmp_path / "kernel.py").write_text("x = 1\n")
    (tmp_path / "called.py").write_text("y = 1\n")
    forget_stale_code(tmp_path)
    for end in ("nbi", "nbc"):
        (tmp_path / "__pycache__" / f"kernel.f-1.py311.{end}").write_bytes(b"code")

    forget_stale_code(tmp_path)
    assert len(kept_code(tmp_path)) == 2

    (tmp_path / "called.py").write_text("y = 2\n")
    forget_stale_code(tmp_path)
    assert kept_code(tmp_path) == []


def test_code_of_unknown_sources_is_forgotten(tmp_path):
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "kernel.f-1.py311.nbi").write_bytes(b"code")
    forget_stale_code(tmp_path)
    assert kept_code(tmp_path) == []

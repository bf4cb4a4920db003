"""Crash files say where, and name nobody."""

from plexus_mri.batch.crash import describe_crash, write_crash_file


def crash(value):
    try:
        return int(value)
    except ValueError as error:
        msg = 'cannot use /home/anna/DOE^JANE/1.dcm of "Doe" from C:\\data\\doe'
        raise RuntimeError(msg) from error


def described():
    try:
        crash("Doe^Jane 1961-02-03")
    except RuntimeError as error:
        return describe_crash(error)
    return ""


def test_no_quoted_value_and_no_path_is_left():
    text = described()
    for secret in ("Doe", "DOE", "Jane", "1961", "anna", "/home", "data"):
        assert secret not in text


def test_kind_cause_module_line_and_function_are_told():
    text = described()
    assert text.startswith("RuntimeError: cannot use")
    assert "ValueError: invalid literal" in text
    assert ".test_crash:" in text
    assert "in crash" in text


def test_the_file_lies_in_logs_and_names_the_version(tmp_path):
    path = write_crash_file(tmp_path, "sub-01", "RuntimeError: x")
    assert path == tmp_path / "logs" / "crash_sub-01.txt"
    assert path.read_text(encoding="utf-8").startswith("plexus-mri ")

"""Ratings: what pages export is taken in whole, judged against the results, and acts."""

import json
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from plexus_mri.batch.case_lists import listed_cases
from plexus_mri.batch.participants import read_groups, take_participants
from plexus_mri.batch.qa_server import open_server, usual_port
from plexus_mri.batch.ratings import agreements, import_ratings, left_out, merged, study_ratings
from plexus_mri.core.rating import (
    Confidence,
    Rating,
    RatingItem,
    RatingReason,
    RatingVerdict,
    newest,
)
from plexus_mri.errors import InputError, SettingsError
from plexus_mri.io.derivatives import case_paths
from plexus_mri.io.ratings import rating_row, read_ratings, write_ratings
from plexus_mri.io.tables import read_table, write_json
from plexus_mri.report.rating_form import COLUMNS

IMAGE, MASK = "a" * 64, "b" * 64
RATING = Rating(
    "sub-01",
    None,
    RatingItem.NERVES,
    IMAGE,
    MASK,
    "AB",
    blinded=True,
    verdict=RatingVerdict.FAIL,
    score=2,
    reasons=(RatingReason.PATH_LEFT, RatingReason.LEVELS),
    confidence=Confidence.HIGH,
    comment='dips "below" C7',
    time_utc="2026-01-01T10:00:00Z",
    seconds=31,
    software_version="0.1.0",
)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Output folder of two cases, with just enough in it to rate them."""
    (tmp_path / "status.tsv").write_text("subject\n", encoding="utf-8")
    (tmp_path / "index.html").write_text("<title>all</title>", encoding="utf-8")
    for subject in ("01", "02"):
        paths = case_paths(tmp_path, subject, None)
        summary = {"schema_version": "1", "subject": subject, "session": None,
                   "inputs": {"source_sha256": IMAGE}, "segmentation": {"mask_sha256": MASK},
                   "software": {}}  # fmt: skip
        write_json(paths.summary, summary)
        paths.html.write_text("<title>page</title>", encoding="utf-8")
    return tmp_path


def exported(path: Path, *ratings: Rating) -> Path:
    write_json(path, {"ratings": [rating_row(r) for r in ratings]})
    return path


def test_columns_are_those_of_the_page():
    assert tuple(rating_row(RATING)) == COLUMNS


def test_tsv_and_json_hold_the_same_ratings(tmp_path):
    other = replace(RATING, item=RatingItem.IMAGE, verdict=RatingVerdict.PASS, reasons=(),
                    score=None, confidence=None, comment="", seconds=None)  # fmt: skip
    write_ratings(tmp_path, [RATING, other])
    kept = tuple(sorted((RATING, other), key=lambda r: r.key))
    assert read_ratings(tmp_path / "ratings.tsv") == kept
    assert read_ratings(tmp_path / "ratings_rows.json") == kept


def test_import_twice_is_import_once(study, tmp_path):
    path = exported(tmp_path / "export.json", RATING)
    import_ratings(study, [path])
    first = (study / "ratings" / "ratings.tsv").read_bytes()
    import_ratings(study, [path, study / "ratings" / "ratings.tsv"])
    assert (study / "ratings" / "ratings.tsv").read_bytes() == first


def test_a_newer_rating_of_one_rater_takes_the_place_of_the_older():
    newer = replace(RATING, verdict=RatingVerdict.PASS, time_utc="2026-01-02T10:00:00Z")
    other = replace(RATING, rater="CD")
    assert newest((newer, RATING, other)) == (newer, other)


def test_an_open_rating_leaves_the_blinded_one_of_the_same_rater():
    opened = replace(RATING, blinded=False, verdict=RatingVerdict.PASS)
    assert newest((RATING, opened)) == (opened, RATING)
    others = (replace(RATING, rater="CD"), opened, RATING)
    assert next(iter(agreements(others))).kappa.agreement_percent == 100


def test_fails_are_listed_under_the_toolboxs_key(study, tmp_path):
    image = replace(RATING, participant_id="sub-02", item=RatingItem.IMAGE, reasons=())
    import_ratings(study, [exported(tmp_path / "x.json", RATING, image)])
    content = yaml.safe_load((study / "ratings" / "qc_fail.yml").read_text(encoding="utf-8"))
    assert content == {
        "FILES_SEG": ["sub-01_desc-nerve_dseg.nii.gz"],
        "FILES_IMAGE": ["sub-02_desc-nerve_dseg.nii.gz"],
    }
    assert listed_cases(study / "ratings" / "qc_fail.yml") == {("01", ""), ("02", "")}


def test_rating_of_other_labels_is_stale_and_leaves_nothing_out(study, tmp_path):
    old = replace(RATING, mask_sha256="c" * 64)
    kept = import_ratings(study, [exported(tmp_path / "x.json", old)])
    assert kept.stale == {old}
    assert left_out(kept) == {}
    assert read_table(study / "ratings" / "ratings.tsv")[0]["stale"] == "true"
    assert not yaml.safe_load((study / "ratings" / "qc_fail.yml").read_text(encoding="utf-8"))


def test_a_fail_leaves_the_case_out_and_says_why(study, tmp_path):
    kept = import_ratings(study, [exported(tmp_path / "x.json", RATING)])
    why = left_out(kept)
    assert why == {("01", ""): "nerves rated fail by AB (path_wrong_L, levels_wrong)"}
    assert study_ratings(study) == kept


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"verdict": "maybe"}, "maybe"),
        ({"reasons": ["nose"]}, "nose"),
        ({"score": 9}, "score 9"),
        ({"rater": ""}, "no rater"),
        ({"participant_id": "../../etc"}, "may hold letters and digits only"),
        ({"comment": "x" * 10_000}, "10000 characters"),
        ({"image_sha256": "<script>"}, "no SHA-256"),
        ({"time_utc": "yesterday"}, "yesterday"),
        ({"seconds": -1}, "seconds -1"),
        ({"seconds": 10**12}, "seconds 1000000000000"),
        ({"reasons": ["motion"]}, "motion does not belong to the item nerves"),
        ({"blinded": "yes"}, "'yes' is neither true nor false"),
    ],
)
def test_a_row_that_is_no_rating_is_refused_by_name(tmp_path, change, words):
    path = tmp_path / "export.json"
    write_json(path, {"ratings": [rating_row(RATING), rating_row(RATING) | change]})
    with pytest.raises(InputError, match=r"row 2 of 'export\.json'") as caught:
        read_ratings(path)
    assert words in str(caught.value)


def test_times_of_any_zone_are_compared_as_utc(tmp_path):
    early = rating_row(replace(RATING, time_utc="2026-01-01T11:00:00+02:00"))
    write_json(tmp_path / "x.json", {"ratings": [rating_row(RATING), early]})
    assert read_ratings(tmp_path / "x.json")[1].time_utc == "2026-01-01T09:00:00Z"
    assert merged([tmp_path / "x.json"]) == (RATING,)


def test_marks_that_nobody_sees_do_not_reach_the_tables(tmp_path):
    hidden = "dips \u202e\x1b\x00C7\u2066"
    write_json(tmp_path / "x.json", {"ratings": [rating_row(RATING) | {"comment": hidden}]})
    assert read_ratings(tmp_path / "x.json")[0].comment == "dips C7"


def test_deep_json_and_endless_cells_are_refused_in_words(tmp_path):
    deep, wide = tmp_path / "deep.json", tmp_path / "wide.tsv"
    deep.write_text('{"ratings": ' + "[" * 100_000, encoding="utf-8")
    wide.write_text("rater\n" + "x" * 200_000 + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"'deep\.json' is no JSON of ratings"):
        read_ratings(deep)
    with pytest.raises(InputError, match=r"'wide\.tsv' has a cell that is too long"):
        read_ratings(wide)


def test_ratings_of_a_case_without_result_are_named(study, tmp_path):
    stranger = replace(RATING, participant_id="sub-99")
    kept = import_ratings(study, [exported(tmp_path / "x.json", RATING, stranger)])
    assert kept.unknown == {("99", "")}
    assert kept.stale == {stranger}


def test_a_file_that_holds_no_ratings_is_refused(tmp_path):
    path = tmp_path / "x.json"
    path.write_text("[1, 2]", encoding="utf-8")
    with pytest.raises(InputError, match="holds no list 'ratings'"):
        merged([path])


def test_import_needs_a_study(tmp_path):
    path = exported(tmp_path / "x.json", RATING)
    with pytest.raises(InputError, match="holds no study"):
        import_ratings(tmp_path / "nowhere", [path])


def test_agreement_counts_the_cases_that_both_rated():
    ratings = [
        replace(RATING, participant_id=f"sub-{k:02}", rater=rater, reasons=(),
                verdict=RatingVerdict.FAIL if k % 2 else RatingVerdict.PASS)
        for rater, count in (("AB", 10), ("CD", 8))
        for k in range(count)
    ]  # fmt: skip
    found = {row.question: row for row in agreements(ratings)}
    assert found["verdict"].raters == ("AB", "CD")
    assert found["verdict"].kappa.n == 8
    assert found["verdict"].kappa.value == pytest.approx(1.0)


def test_a_list_that_names_no_subject_is_refused(tmp_path):
    path = tmp_path / "list.yml"
    path.write_text("FILES_SEG:\n- picture.nii.gz\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="names no subject"):
        listed_cases(path)


def test_what_may_name_a_participant_is_not_taken_along(tmp_path):
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    rows = (
        "participant_id\tname\tage\tsex\tgroup\n"
        "sub-01\tMeier\tborn 1960\tF\tMMN\n"
        "sub-02\tHuber\t58\tM\tn/a\n"
        "sub-09\tNot measured\t40\tM\tMMN\n"
    )
    (source / "participants.tsv").write_text(rows, encoding="utf-8")
    take_participants(source, out, {"01", "02", "03"})
    assert read_groups(out) == {"01": "MMN"}
    assert (out / "participants.tsv").read_text(encoding="utf-8") == (
        "participant_id\tage\tsex\tgroup\nsub-01\tn/a\tF\tMMN\nsub-02\t58\tM\tn/a\n"
    )


@pytest.fixture
def server(study):
    opened = open_server(study)
    thread = threading.Thread(target=opened.serve)
    thread.start()
    yield opened.address.removesuffix("index.html")
    opened.stop()
    thread.join()


def ask(address, body=None, **headers):
    request = urllib.request.Request(address, data=body, headers=headers)  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - as above
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def origin(address):
    return address[: address.index("/", len("http://"))]


def test_server_gives_pages_behind_its_token_and_nothing_else(server, study, tmp_path):
    (study / "secret.tsv").write_text("x", encoding="utf-8")
    outside = tmp_path.parent / "outside.html"
    outside.write_text("x", encoding="utf-8")
    (study / "link.html").symlink_to(outside)
    assert ask(f"{server}sub-01.html") == (200, "<title>page</title>")
    assert server.startswith("http://127.0.0.1:")
    for path in ("secret.tsv", "../outside.html", "%2e%2e/outside.html", "link.html", "sub-01"):
        assert ask(f"{server}{path}")[0] == 404, path
    assert ask(f"{origin(server)}/index.html")[0] == 403
    assert ask(f"{server}sub-01.html", Host="evil.example")[0] == 403


def test_server_saves_a_rating_from_its_own_page_only(server, study):
    body = json.dumps({"ratings": [rating_row(RATING)]}).encode()
    kind = {"Content-Type": "application/json"}
    assert ask(f"{server}ratings", body, **kind, Origin="http://evil.example")[0] == 403
    assert ask(f"{server}ratings", body, **{"Content-Type": "text/plain"})[0] == 403
    assert study_ratings(study).ratings == ()
    assert ask(f"{server}ratings", body, **kind, Origin=origin(server)) == (200, "1 ratings saved")
    assert study_ratings(study).ratings == (RATING,)
    assert json.loads(ask(f"{server}ratings")[1]) == {"ratings": [rating_row(RATING)]}


def test_server_refuses_ratings_of_cases_that_are_not_there(server, study):
    stranger = rating_row(replace(RATING, participant_id="sub-99"))
    body = json.dumps({"ratings": [stranger]}).encode()
    answer = ask(f"{server}ratings", body, Origin=origin(server),
                 **{"Content-Type": "application/json"})  # fmt: skip
    assert answer == (400, "this study has no case sub-99")
    assert study_ratings(study).ratings == ()


def test_two_servers_on_one_study_lose_no_rating(server, study):
    second = open_server(study)
    thread = threading.Thread(target=second.serve)
    thread.start()
    places = (server, second.address.removesuffix("index.html"))

    def save(k):
        body = json.dumps({"ratings": [rating_row(replace(RATING, rater=f"R{k}"))]}).encode()
        place = places[k % 2]
        kind = {"Content-Type": "application/json", "Origin": origin(place)}
        return ask(f"{place}ratings", body, **kind)[0]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(save, range(24)))
    second.stop()
    thread.join()
    assert answers == [200] * 24
    assert len(study_ratings(study).ratings) == 24


def test_server_answers_odd_requests_in_words(server, study):
    (study / "ring.html").symlink_to(study / "ring.html")
    for name in ("index%00.html", "x" * 5_000 + ".html", "ring.html"):
        assert ask(f"{server}{name}") == (404, "no such page"), name[:20]
    kind = {"Content-Type": "application/json; charset=utf-8", "Origin": origin(server)}
    deep = b'{"ratings": ' + b"[" * 100_000
    assert ask(f"{server}ratings", deep, **kind)[0] == 400
    long = {"Content-Length": "9" * 5_000}
    assert ask(f"{server}ratings", b"{}", **kind, **long)[0] == 400
    body = json.dumps({"ratings": [rating_row(RATING)]}).encode()
    assert ask(f"{server}ratings", body, **kind) == (200, "1 ratings saved")


def test_a_study_has_its_own_port_again_or_a_free_one(study):
    first = open_server(study)
    second = open_server(study)
    ports = [int(origin(s.address).rpartition(":")[2]) for s in (first, second)]
    serving = [threading.Thread(target=s.serve) for s in (first, second)]
    for s, thread in zip((first, second), serving, strict=True):
        thread.start()
        s.stop()
        thread.join()
    assert ports[0] != ports[1]
    assert ports[0] == usual_port(study)


def test_server_needs_a_study_page(tmp_path):
    with pytest.raises(InputError, match=r"holds no index\.html"):
        open_server(tmp_path)

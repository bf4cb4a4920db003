"""Only listed attributes are read of a header, so a key that is not listed must not go unseen."""

import pytest
from pydicom.tag import Tag

from plexus_mri.io.dicom_keys import PART_KEYS, READ, tag_of


def test_a_key_that_is_not_read_is_an_error_and_not_an_absent_value():
    with pytest.raises(RuntimeError, match="PatientWeight is not among the attributes"):
        tag_of("PatientWeight")


def test_tags_are_plain_numbers_equal_to_those_of_the_library():
    assert [tag_of(key) for key in PART_KEYS] == [Tag(key) for key in PART_KEYS]
    assert {type(tag_of(tag)) for tag in READ} == {int}

"""Sides and nerves of the brachial plexus: closed sets in the field's own words."""

from enum import StrEnum


class Side(StrEnum):
    """A side of the patient, never of the picture or the scanner."""

    LEFT = "L"
    RIGHT = "R"

    @property
    def sign(self) -> int:
        """Sign of x on this side of the midline: RAS+, so x grows to the right."""
        return 1 if self is Side.RIGHT else -1

    @property
    def opposite(self) -> "Side":
        """Give the other side."""
        return Side.LEFT if self is Side.RIGHT else Side.RIGHT


class Nerve(StrEnum):
    """Segments of the plexus, proximal to distal and cranial to caudal."""

    C5 = "C5"
    C6 = "C6"
    C7 = "C7"
    C8 = "C8"
    T1 = "T1"
    UPPER_TRUNK = "upper_trunk"
    MIDDLE_TRUNK = "middle_trunk"
    LOWER_TRUNK = "lower_trunk"
    LATERAL_CORD = "lateral_cord"
    POSTERIOR_CORD = "posterior_cord"
    MEDIAL_CORD = "medial_cord"

    @property
    def words(self) -> str:
        """Name without underscores.

        >>> Nerve.UPPER_TRUNK.words
        'upper trunk'
        """
        return self.value.replace("_", " ")


ROOTS = (Nerve.C5, Nerve.C6, Nerve.C7, Nerve.C8, Nerve.T1)
# The first stretch of a root is its ganglion, nearly twice as wide as the nerve: on synthetic
# cases its area has come down to that of the nerve 7-8 mm from node 0, blur and an error of
# node 0 of 1 mm included (ADR-0010).
GANGLION_MM = 8.0
TRUNKS = (Nerve.UPPER_TRUNK, Nerve.MIDDLE_TRUNK, Nerve.LOWER_TRUNK)
CORDS = (Nerve.LATERAL_CORD, Nerve.POSTERIOR_CORD, Nerve.MEDIAL_CORD)
ROOTS_OF_TRUNK = {
    Nerve.UPPER_TRUNK: (Nerve.C5, Nerve.C6),
    Nerve.MIDDLE_TRUNK: (Nerve.C7,),
    Nerve.LOWER_TRUNK: (Nerve.C8, Nerve.T1),
}
TRUNKS_OF_CORD = {
    Nerve.LATERAL_CORD: (Nerve.UPPER_TRUNK, Nerve.MIDDLE_TRUNK),
    Nerve.POSTERIOR_CORD: TRUNKS,
    Nerve.MEDIAL_CORD: (Nerve.LOWER_TRUNK,),
}

NerveKey = tuple[Side, Nerve]
NERVE_KEYS: tuple[NerveKey, ...] = tuple((side, nerve) for nerve in Nerve for side in Side)


def label_index(side: Side, nerve: Nerve) -> int:
    """Number of a nerve in label maps: 1-11 on the left, 101-111 on the right.

    >>> label_index(Side.RIGHT, Nerve.C5)
    101
    """
    return list(Nerve).index(nerve) + (1 if side is Side.LEFT else 101)

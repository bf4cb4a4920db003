"""What may be shown of folder and file names: only words that name nobody.

Names of folders are written by people and hold patients' names, so a list of what to hide is never
complete. A part is shown when each of its words is known to be harmless: words of the field, BIDS
labels, short numbers. All others are replaced.
"""

import re
from pathlib import PurePath

from plexus_mri.io.disguise import Disguise

HIDDEN = "***"
_LABEL = re.compile(r"^(sub|ses|acq|run|rec|desc|echo|part|inv|ce|dir|task|space)-[0-9A-Za-z]+$")
_NUMBERED = re.compile(
    r"^(im|img|image|i|se|ser|series|s|st|study|pa|patient|case|disc|disk|cd|scan|exam|ex|e|mr|"
    r"dcm|dicom|run|echo|te|tr|ti|v|vol|visit|fu|t|y|m|pre|post)?\d{1,4}(mm|t|ms|min)?$"
)
_WORDS = frozenset(  # one string, because a list of words would be a page long
    """
    1d 2d 3d 4d adc after anat anatomy and archive ax axial backup baseline before bilateral
    both brachial brachialis brain bravo bz2 c canon case cases cd cervical chest cidp ciss
    contrast control controls copy cor coronal cspine cube data dcm derived dicom dicomdir dis2d
    dis3d disc disk dixon drive dti dvd dwi epi exam exams export exports fast fat fatsat ff
    fiesta filtered first flair flash flex fmap follow followup fraction from fs fse fuji
    fujifilm func gad gd ge gre group groups gz hdr head healthy high hitachi ideal image images
    img import in inphase ip ir iso isotropic km kontrast lava left loc localizer long low
    lumbar mag magnitude map maps mdixon medic merge minip mip mmn mpr mprage mr mra mri mrn
    muscle nativ native nd neck nerve nerves nerveview neurography new nifti nii no norm obl
    oblique of old op opp opposed out outphase pacs part parts pathlib patient patients pd pdff
    pdw perf phase philips pilot plexus post pre raw rawdata re recon reformatted res resolution
    right root roots sag sagittal scan scanner scans scout se second ser series session sessions
    short shoulder shoulders siemens slow source space spair spgr spine spir stir studies study
    subject subjects survey swi t1 t1map t1w t2 t2map t2s t2star t2w test tfl the third thorax
    tir tirm toshiba tra trace transversal transverse trufi tse uih united up vibe visit visits
    vista w water with without wo zip zst
    """.split()  # noqa: SIM905  (as said above)
)


def shown(relative: PurePath, secrets: frozenset[str], disguise: Disguise) -> str:
    """Path for people, with hidden parts as ``***``; ``.`` for the input itself.

    Parameters
    ----------
    relative
        Path relative to the input.
    secrets
        Marks of the words that name the patient in headers: they are hidden even when harmless.
    """
    parts = (_part(part, secrets, disguise) for part in relative.parts)
    return "/".join(parts) or "."


def _part(part: str, secrets: frozenset[str], disguise: Disguise) -> str:
    if _is_harmless(part) and not (disguise.words(part) & secrets):
        return part
    return HIDDEN


def _is_harmless(part: str) -> bool:
    """Whether every word of a name is known to name nobody.

    >>> [_is_harmless(name) for name in ("sub-01_acq-stir_T2w.nii.gz", "Doe_Jane", "IM0001")]
    [True, False, True]
    """
    entities = [piece for piece in re.split(r"[_.\s]+", part) if not _LABEL.match(piece)]
    words = [word for piece in entities for word in re.split(r"[\W_]+", piece.lower()) if word]
    return all(len(w) == 1 or w in _WORDS or _NUMBERED.match(w) for w in words)

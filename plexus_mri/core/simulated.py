"""What is asked of simulated cases; known without loading what makes or writes them."""

from enum import StrEnum


class CaseKind(StrEnum):
    """What a drawn case is for."""

    SYMMETRIC = "symmetric"
    LESIONS = "lesions"
    VARIANT = "variant"
    CUT = "cut"


class ImageFormat(StrEnum):
    """How an image is stored."""

    NIFTI = "nifti"
    DICOM = "dicom"
    ENHANCED = "enhanced"

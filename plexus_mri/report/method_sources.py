"""Sources that the methods text cites, by the key its steps name them with."""

REFERENCES = {
    "rasmussen_2006": (
        "Rasmussen CE, Williams CKI. Gaussian processes for machine learning. "
        "MIT Press 2006, chapter 2."
    ),
    "wells_1996": (
        "Wells WM et al. Adaptive segmentation of MRI data. IEEE Trans Med Imaging "
        "1996;15:429–442. doi 10.1109/42.511747"
    ),
    "bishop_1975": (
        "Bishop RL. There is more than one way to frame a curve. Am Math Mon 1975;82:246–251. "
        "doi 10.2307/2319846"
    ),
    "sen_1968": (
        "Sen PK. Estimates of the regression coefficient based on Kendall's tau. J Am Stat Assoc "
        "1968;63:1379–1389. doi 10.1080/01621459.1968.10480934"
    ),
    "holm_1979": (
        "Holm S. A simple sequentially rejective multiple test procedure. Scand J Stat "
        "1979;6:65–70."
    ),
    "sidak_1967": (
        "Šidák Z. Rectangular confidence regions for the means of multivariate normal "
        "distributions. J Am Stat Assoc 1967;62:626–633. doi 10.1080/01621459.1967.10482935"
    ),
    "mattes_2003": (
        "Mattes D et al. PET-CT image registration in the chest using free-form deformations. "
        "IEEE Trans Med Imaging 2003;22:120–128. doi 10.1109/TMI.2003.809072"
    ),
    "studholme_1999": (
        "Studholme C, Hill DLG, Hawkes DJ. An overlap invariant entropy measure of 3D medical "
        "image alignment. Pattern Recognit 1999;32:71–86. doi 10.1016/S0031-3203(98)00091-0"
    ),
    "van_rosmalen_2021": (
        "van Rosmalen MHJ et al. J Neurol 2021;268:978–988. doi 10.1007/s00415-020-10232-8"
    ),
}

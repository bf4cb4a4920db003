"""The sentences every output carries."""

POOR_CORRELATION = (
    "Imaging findings correlate poorly with disease severity: "
    "these numbers grade no severity and name no diagnosis."
)
RESEARCH_USE = "Research use only; not a medical device."
CAVEATS = (POOR_CORRELATION, RESEARCH_USE)

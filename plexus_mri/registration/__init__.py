"""The patient frame: canal, midline and the proof of sides."""

"""Study folder to cases, one after another, resumable."""

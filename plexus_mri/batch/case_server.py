"""What the server of case processes loads, once: a case then starts in milliseconds.

The server imports this module at its start and nothing else (`isolation`); its import is meant to
act on that process alone.
"""

import gc
from multiprocessing import spawn

import plexus_mri.batch.case_process  # noqa: F401  (with all libraries that a case needs)

# multiprocessing would load the main script again in each process, in case the work lies in it;
# ours never does, and a Dask worker's script takes half a second.
spawn._fixup_main_from_name = spawn._fixup_main_from_path = lambda _: None  # type: ignore[attr-defined]  # noqa: SLF001
# What is loaded here stays: without this, each process copies it when it collects garbage.
gc.freeze()

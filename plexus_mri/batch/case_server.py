"""What the server of case processes loads, once: a case then starts in milliseconds.

The server imports this module at its start and nothing else (`isolation`); its import is meant to
act on that process alone.
"""

import gc
from multiprocessing import spawn

import plexus_mri.batch.case_process  # noqa: F401  (with all libraries that a case needs)
from plexus_mri.batch.software import software_versions
from plexus_mri.batch.steps import code_of_steps

# multiprocessing would load the main script again in each process, in case the work lies in it;
# ours never does, and a Dask worker's script takes half a second.
spawn._fixup_main_from_name = spawn._fixup_main_from_path = lambda _: None  # type: ignore[attr-defined]  # noqa: SLF001
# Asked for once, not at every case; it is the code that was loaded, whatever is edited later.
code_of_steps()
software_versions()
# What is loaded here stays: without this, each process copies it when it collects garbage.
gc.freeze()

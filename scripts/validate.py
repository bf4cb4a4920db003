"""Measure accuracy against known truth and write docs/validation.md."""

import argparse
import os
from pathlib import Path

from validation.cases import FIRST_SEED, external_tasks, phantom_tasks, run_task
from validation.grid_cases import grid_tasks
from validation.page import write_page
from validation.run import run_tasks

from plexus_mri.synthetic import Population

ROOT = Path(__file__).resolve().parents[1]
EXTERNAL = ROOT.parent / "shared" / "data" / "external"


def main() -> None:
    """Run the cases that are not yet stored, then write the page from all stored scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "validation.md")
    parser.add_argument("--readme", type=Path, help="file whose accuracy markers are filled")
    parser.add_argument("--store", type=Path, default=ROOT / "out" / "validation")
    parser.add_argument(
        "--cases", type=int, help="as few, drawn; the grid of difficulty if absent"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--population", type=Population, default=Population.VALIDATION)
    options = parser.parse_args()
    population, unseen = options.population, options.population is Population.VALIDATION
    if options.cases is None:
        tasks = list(grid_tasks(population))
    else:
        tasks = list(phantom_tasks(options.cases, population, FIRST_SEED if unseen else 1))
    if unseen:
        tasks += external_tasks(EXTERNAL)
    store = options.store / population
    run_tasks(run_task, tasks, store, options.jobs)
    write_page(store, tasks, options.out, options.readme)


if __name__ == "__main__":
    main()

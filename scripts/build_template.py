"""Build a template: mean anatomy, probability and mean course of each nerve about the canal.

From phantoms, or with --study from the finished cases of an output folder of plexus-mri.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from validation.planted import coarse

from plexus_mri.core.template_case import TemplateCase
from plexus_mri.io.template import write_template
from plexus_mri.io.template_cases import template_cases
from plexus_mri.preprocess.bias import correct_bias
from plexus_mri.registration.average import build_template
from plexus_mri.registration.frame import find_patient_frame
from plexus_mri.settings import Settings
from plexus_mri.synthetic import CaseKind, Population, random_spec, simulate

KINDS = (CaseKind.SYMMETRIC, CaseKind.LESIONS, CaseKind.VARIANT, CaseKind.LESIONS)


def main() -> None:
    """Write the template's folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the template")
    parser.add_argument("--study", type=Path, help="output folder of finished cases")
    parser.add_argument("--cases", type=int, default=14, help="phantoms, without --study")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--population", type=Population, default=Population.HARD)
    options = parser.parse_args()
    if options.study is not None:
        cases = list(template_cases(options.study))
        source = "finished cases of a study"
    else:
        seeds = range(options.first_seed, options.first_seed + options.cases)
        cases = [case for seed in seeds for case in phantom_case(seed, options.population)]
        source = f"phantoms of the {options.population} population, seeds {seeds[0]}-{seeds[-1]}"
    template = build_template(cases, source, Settings().registration)
    write_template(options.out, template)
    print(f"{options.out}: template of {template.cases} cases ({source})")


def phantom_case(seed: int, population: Population) -> Iterator[TemplateCase]:
    """The phantom with its true nerves; none where no midline is found."""
    settings = Settings()
    spec = coarse(random_spec(seed, kind=KINDS[seed % len(KINDS)], population=population))
    made = simulate(spec)
    image = correct_bias(made.image.to_ras(), settings.preprocess)
    frame = find_patient_frame(image, "sform (code 1)", settings.registration)
    if frame is not None:
        print(f"seed {seed}", flush=True)
        in_muscle = image.with_data(image.data / made.truth.muscle_signal)
        nerves = {key: nerve.centerline for key, nerve in made.truth.nerves.items()}
        yield TemplateCase(in_muscle, frame, made.truth.labels, nerves)


if __name__ == "__main__":
    main()

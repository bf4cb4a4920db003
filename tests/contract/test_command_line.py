"""The command line keeps what it promises: commands, options, and a text for each."""

import subprocess
import sys

import typer.main

from plexus_mri.cli.app import build_app

COMMANDS = {
    "inventory", "convert", "run", "batch", "status", "report", "simulate",
    "ratings import", "ratings merge", "ratings agree", "qa serve", "cluster script",
    "review", "corrections add", "check-sides",
}  # fmt: skip
MEASURING = {
    "--config", "--set", "--subject", "--session", "--participant-label", "--segmentation",
    "--labels", "--landmarks", "--jobs", "--memory-limit", "--scheduler", "--dry-run",
    "--cluster", "--case-timeout", "--force", "--from-step", "--norms",
    "--stop-on-first-crash", "-v", "--version", "--out", "--include-yml", "--exclude-yml",
    "--rater",
}  # fmt: skip


def commands():
    """Every command by its words, those of groups too."""
    top = typer.main.get_command(build_app()).commands
    found = {}
    for name, command in top.items():
        inner = getattr(command, "commands", None)
        found |= {f"{name} {k}": c for k, c in inner.items()} if inner else {name: command}
    return found


def test_all_promised_commands_exist_and_say_what_they_do():
    found = commands()
    assert set(found) == COMMANDS
    assert all(command.help for command in found.values())


def test_every_option_and_argument_has_a_help_text():
    silent = [
        (name, parameter.name)
        for name, command in commands().items()
        for parameter in command.params
        if not getattr(parameter, "help", "")
    ]
    assert silent == []


def test_run_and_batch_take_every_shared_option():
    for name in ("run", "batch"):
        options = {opt for parameter in commands()[name].params for opt in parameter.opts}
        assert sorted(MEASURING - options) == []


def test_an_option_means_the_same_in_every_command():
    texts = {}
    for command in commands().values():
        for parameter in command.params:
            # --out of the inventory is not required, so it says so in other words.
            if parameter.name != "out":
                texts.setdefault(parameter.name, set()).add(parameter.help)
    assert {name: found for name, found in texts.items() if len(found) > 1} == {}


def test_help_loads_no_image_library():
    asks = (
        "import sys; from plexus_mri.cli.app import build_app; build_app();"
        "print(sorted({'scipy', 'numba', 'SimpleITK', 'nibabel', 'pydicom', 'matplotlib'}"
        ".intersection(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", asks], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

# The same commands for people and for CI. PYTHON picks the interpreter (3.11 to 3.13).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= out/demo

.PHONY: demo test check format validate bench prove-batch settings lock sample-data clean
.DEFAULT_GOAL := demo

# Numeric kernels are compiled while the tools for tests are downloaded.
MAKEFLAGS += --jobs=2
# The lock files are whole: pip need not look for what a package needs, which takes it seconds.
# Python compiles what it imports; compiling every package at once takes half a minute more.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile

$(VENV)/.installed: requirements.lock pyproject.toml
	@echo "setting up $(VENV): downloading the pinned packages, then compiling; some minutes, once"
	$(PYTHON) -m venv $(VENV)
	$(PIP) --no-deps --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.runtime: $(VENV)/.installed
	$(BIN)/python scripts/fetch_viewer.py --optional
	$(BIN)/python scripts/warm_up.py
	touch $@

# What registration is compared with, never in the product's own environment.
$(VENV)/bench/.installed: requirements-bench.lock
	$(PYTHON) -m venv $(VENV)/bench
	$(VENV)/bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.installed
	$(PIP) --no-deps --require-hashes -r requirements-dev.lock
	touch $@

demo: $(VENV)/.runtime
	$(BIN)/plexus-mri run sample_data/study/sub-02 --subject 02 --out $(OUT)
	@echo "report: $(OUT)/sub-02.html"

test: $(VENV)/.runtime $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

validate: $(VENV)/.runtime
	$(BIN)/python scripts/validate.py --out docs/validation.md --readme README.md
	$(BIN)/python scripts/validation/intake.py --out docs/validation.md
	$(BIN)/python scripts/validation/registration.py --out docs/validation.md
	$(BIN)/python scripts/validation/template.py --out docs/validation.md
	$(BIN)/python scripts/validation/power.py --out docs/validation.md
	$(BIN)/python scripts/validation/shapes.py --out docs/validation.md
	$(BIN)/python scripts/validation/signals.py --out docs/validation.md
	$(BIN)/python scripts/validation/false_nerves.py --out docs/validation.md
	$(BIN)/python scripts/validation/painted.py --out docs/validation.md
	PYTHONPATH=scripts $(BIN)/python scripts/validation/grid.py --out docs/validation.md
	PYTHONPATH=scripts $(BIN)/python scripts/validation/alternatives.py --out docs/validation.md

bench: $(VENV)/.runtime $(VENV)/bench/.installed
	$(BIN)/python scripts/bench/bench.py --readme README.md
	$(BIN)/python scripts/bench/intake.py --readme README.md
	$(BIN)/python scripts/bench/pages.py
	$(BIN)/python scripts/bench/tubularity.py --out docs/adr/0004-tube-filter-numba.md
	PYTHONPATH=.:scripts $(VENV)/bench/bin/python scripts/bench/registration.py --out docs/adr/0054-registration-side-by-side.md

# Minutes: 1,000 stub cases, a study of 10,000, 20 kills, lost workers, two jobs against one.
prove-batch: $(VENV)/.runtime $(VENV)/.dev
	PYTHONPATH=. $(BIN)/python scripts/prove_batch.py --out docs/batch.md

settings: $(VENV)/.runtime
	$(BIN)/python scripts/write_default_settings.py --out configs/default.yaml
	cp plexus_mri/io/series_rules.yaml plexus_mri/io/reference.yaml plexus_mri/report/context.yaml configs

sample-data: $(VENV)/.runtime
	$(BIN)/python scripts/make_sample_data.py --out sample_data

# Needs `uv` on the path; writes versions and hashes, no addresses.
lock:
	uv pip compile pyproject.toml --extra build --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --output-file requirements.lock
	uv pip compile pyproject.toml --extra build --extra cluster --extra dev --constraint requirements.lock --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --output-file requirements-dev.lock
	cp requirements.lock requirements-bench.lock  # the same versions, but where a compared package forbids one
	uv pip compile pyproject.toml --extra build --extra bench --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --output-file requirements-bench.lock

clean:
	rm -rf $(VENV) out

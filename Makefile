# Everything a developer types. `make` alone lists it.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# A build by root needs no more than the distribution's packages; see scripts/ensure-toolchain.
export PATH := $(PATH):$(HOME)/.cargo/bin
export PYO3_PYTHON := $(CURDIR)/$(BIN)/python
MAKEFLAGS += --no-print-directory
# Optional: narrow the tests, e.g.  make pytest ARGS="tests/real -k reload"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help build demo test lint pytest rust-test servers fuzz chaos bench clean

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 24

$(STAMP): requirements-dev.txt
	@python=$$(scripts/ensure-toolchain | tail -n 1) && [ -n "$$python" ] && \
	{ [ -x $(BIN)/python ] || { echo "Making $(VENV) with $$($$python --version)"; $$python -m venv $(VENV); }; }
	@echo "Installing the development tools"
	@$(BIN)/python -m pip --quiet --disable-pip-version-check install -r requirements-dev.txt
	@touch $@

build: $(STAMP)  ## build the server into .venv
	@scripts/ensure-toolchain >/dev/null
	@echo "Building (release)"
	@said=$$($(BIN)/maturin develop --quiet --release 2>&1) || { echo "$$said"; exit 1; }
	@$(BIN)/python -c 'import imperator._core' && echo "Built: $(BIN)/imperator"

demo: build  ## nginx, an emperor and the example application; Ctrl-C takes all down
	@scripts/demo

test: build lint rust-test servers pytest  ## everything: lint, Rust tests, Python tests, real nginx and systemd

lint: $(STAMP)  ## ruff, mypy, rustfmt, clippy: all of them, whatever the others say
	@failed=; \
	echo "ruff"; $(BIN)/ruff check --quiet . || failed="$$failed ruff"; \
	echo "mypy"; $(BIN)/mypy --no-error-summary || failed="$$failed mypy"; \
	echo "cargo fmt"; cargo fmt --all --check || failed="$$failed rustfmt"; \
	echo "cargo clippy"; cargo clippy --quiet --workspace --all-targets -- -D warnings || failed="$$failed clippy"; \
	[ -z "$$failed" ] || { echo "Not clean:$$failed"; exit 1; }

rust-test: $(STAMP)  ## the tests written in Rust
	@echo "cargo test"; cargo test --quiet --workspace

servers:  ## install nginx and what a systemd container needs, if missing
	@scripts/install-test-servers

pytest: $(STAMP)  ## the tests written in Python (ARGS="-k name" narrows them)
	@$(BIN)/python -m pytest --timeout=180 $(ARGS)

fuzz:  ## look for input that breaks a decoder, FUZZ_SECONDS=600 for each of eight targets
	@scripts/fuzz

chaos: build  ## 100,000 broken, slow and silent connections while requests go on (CHAOS_CONNECTIONS=100000)
	@CHAOS_CONNECTIONS=$${CHAOS_CONNECTIONS:-100000} $(BIN)/python -m pytest -s --timeout=7200 tests/engine/test_faults.py

bench: build  ## compare with other servers on this machine, 40 minutes (ARGS="--quick": does it run?)
	@$(BIN)/python -m bench.run $(ARGS)

clean:  ## remove everything that was built
	@rm -rf $(VENV) target build dist .mypy_cache .ruff_cache .pytest_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@find imperator -name '*.so' -delete

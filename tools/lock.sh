#!/usr/bin/env bash
# Resolve pyproject.toml into the two lock files. The header names no index, path or host, so that locks from two machines compare.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CUSTOM_COMPILE_COMMAND="make lock"
options=(--quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host)
pip-compile "${options[@]}" "$@" --all-extras --output-file requirements.lock pyproject.toml
pip-compile "${options[@]}" "$@" --extra platform --constraint requirements.lock --output-file requirements-runtime.lock pyproject.toml
if grep -nE '^-|file:/|://' requirements.lock requirements-runtime.lock; then
    echo "A lock file names an index or a path of this machine." >&2
    exit 1
fi

#!/bin/sh
# Installs the packages of the lock file where they are missing or outdated. The project's own Node is among them.
set -eu
cd "$(dirname "$0")/../.."
installed=node_modules/.careflow-lock.json
if ! cmp -s package-lock.json "$installed"; then
  echo 'Installing packages (once, about a minute)...' >&2
  # Not `npm ci`: it refuses a lock file that lacks the optional packages of any other operating system.
  npm install --no-save --no-audit --no-fund --loglevel=error >&2
  cp package-lock.json "$installed"
fi

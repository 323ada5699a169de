#!/bin/sh
# Makes .venv and installs the locked requirements in it; does nothing if they have not changed.
set -eu
cd "$(dirname "$0")/../.."
LOCKED=requirements/dev.txt

fail() { echo "$1" >&2; exit 1; }

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

for name in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
    if is_new_enough "$name"; then python=$name; break; fi
done
[ -n "${python:-}" ] || fail "ToteTaxi needs Python 3.11 or newer: install it, or set PYTHON to its path."

key=$("$python" -c 'import hashlib, sys
print(sys.version, hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$LOCKED")
if [ -x .venv/bin/python ] && [ "$(cat .venv/installed 2>/dev/null || true)" = "$key" ] \
    && .venv/bin/python -c '' 2>/dev/null; then
    exit 0
fi

echo "Installing what ToteTaxi needs into .venv (once; a minute or so) ..."
mkdir -p .venv 2>/dev/null && [ -w .venv ] || fail "Cannot write to $(pwd)/.venv: it belongs to another user."
rm -f .venv/installed
if ! is_new_enough .venv/bin/python || ! .venv/bin/python -c 'import pip' 2>/dev/null; then
    "$python" -c 'import ensurepip, venv' 2>/dev/null || fail \
        "This Python cannot make virtual environments: install its venv package (Debian, Ubuntu: apt install python3-venv)."
    "$python" -m venv --clear .venv
fi

# uv installs far faster; pip does as well where there is no uv.
pip="env PIP_DISABLE_PIP_VERSION_CHECK=1 .venv/bin/python -m pip install --quiet --require-hashes"
awk '/^uv==/ { found = 1 } found { print; if ($0 !~ /\\$/) exit }' "$LOCKED" >.venv/uv.txt
if $pip -r .venv/uv.txt \
    && .venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r "$LOCKED"; then
    :
else
    echo "Trying again with pip ..."
    $pip -r "$LOCKED" || fail "The requirements could not be installed: see above."
fi
echo "$key" >.venv/installed

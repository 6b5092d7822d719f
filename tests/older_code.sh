#!/bin/bash
# Runs the flows of an older commit, by that commit's own tests, against today's schema and sandbox:
# what a rolling upgrade does between `migrate` and the restart of the last worker.
# usage: older_code.sh COMMIT PYTHON [pytest arguments]
set -euo pipefail
commit=$1 python=$(realpath -s "$2"); shift 2
root=$(git rev-parse --show-toplevel)
old=$(mktemp -d); trap 'rm -rf "$old"' EXIT
git -C "$root" archive "$commit" | tar -x -C "$old"
rm -rf "$old/sandbox" "$old/sql/migrations"
cp -r "$root/sandbox" "$old/sandbox"
cp -r "$root/sql/migrations" "$old/sql/migrations"
ln -s "$root/.venv" "$old/.venv"; mkdir "$old/.sandbox"; ln -s "$root/.sandbox/venv" "$old/.sandbox/venv"
cd "$old"
# Before there were roles, flows and tests worked as the owner: so they do until they are upgraded.
export AIRFLOW_CONN_WAREHOUSE_POSTGRES=$AIRFLOW_CONN_WAREHOUSE_OWNER
export PYTHONPATH="$old:$old/plugins"
"$python" -c 'import vendor_sync; print("flows of", vendor_sync.__file__)'
"$python" -m pytest -q -p no:cacheprovider -m 'not soak and not airflow' "$@"

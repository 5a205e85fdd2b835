#!/usr/bin/env bash
# Measures what a second backup of a filestore costs against restic: see README.md beside this file.
set -euo pipefail
export LC_ALL=C.UTF-8

# shellcheck source=infra/bench/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

new_files() { # COUNT BYTES: files that were not there before, each under the name of its content; their names are added to new
  local made=$work/new-files
  rm -rf "$made"
  "$java" "$here/MakeFilestore.java" "$made" "$1" "$2" "$work/new.csv" "$RANDOM"
  (cd "$made" && find . -type f | cut -c3-) >>"$work/new"
  cp -a "$made/." "$filestore/"
  psql -X -q -v ON_ERROR_STOP=1 <<SQL
CREATE TEMPORARY TABLE made (store_fname varchar, checksum varchar, file_size integer);
\copy made FROM '$work/new.csv' (FORMAT csv)
INSERT INTO ir_attachment (name, type, store_fname, checksum, file_size, mimetype)
SELECT 'new', 'binary', store_fname, checksum, file_size, 'application/octet-stream' FROM made;
SQL
  new_compressed=$(tar -cf - -C "$made" . | zstd -q -1 | wc -c)
  rm -rf "$made"
}

remove_new_files() { # also what an earlier run was stopped before it removed
  [ -e "$work/new" ] || return 0
  (cd "$filestore" && xargs -r rm -f <"$work/new")
  psql -X -q -c "DELETE FROM ir_attachment WHERE name = 'new'"
  rm -f "$work/new"
}

per() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

remove_new_files
printf 'filestore %s MiB in %s files, %s processors\n' \
  "$(du -sm --apparent-size "$filestore" | cut -f1)" "$(find "$filestore" -type f | wc -l)" "$(nproc)"

command -v curl >/dev/null || die "curl is missing" "install it with this system's package manager"
memory_unwatched=yes
stop_engine() {
  [ -n "$engine" ] || return 0
  kill "$engine" 2>/dev/null || true
  wait "$engine" 2>/dev/null || true
  engine=
}
rm -rf "$lifeboat_dir/data/artifacts"
say "starting an engine as schedules start backups in, and the first backups ..."
(cd "$lifeboat_dir" && exec "$home/lifeboat" serve --port 18630) >"$work/serve.log" 2>&1 &
engine=$!
trap 'stop_engine; stop_all' EXIT
for ((i = 0; i < 300; i++)); do
  curl -s -f -m 5 -o /dev/null http://127.0.0.1:18630/q/health && break
  kill -0 "$engine" 2>/dev/null || die "the engine ended" "read $work/serve.log"
  sleep .2
done
backup --type filestore_only
printf 'the first backup, by the running engine: lifeboat archive-filestore %s s\n' "$archive_s"
repository=
if command -v restic >/dev/null; then
  repository=$work/restic-second
  export RESTIC_PASSWORD=bench RESTIC_CACHE_DIR=$work/restic-cache
  rm -rf "$repository"
  restic -q -r "$repository" init >/dev/null
  restic -q -r "$repository" backup "$filestore" >/dev/null
else
  say "restic is not installed: it is left out"
fi
# The filestore alone: the step would share the processors with the dump, as restic does not.
measure() { # HEADING ROUND: one second backup of each, with files of its own
  local restic_s='' own
  new_files "$(((files + 99) / 100))" "$((mb * 1024 * 1024 / 100))"
  if (($2 % 2)); then
    restic_backup
  fi
  backup --type filestore_only
  if (($2 % 2 == 0)); then
    restic_backup
  fi
  own=$(jq .filestore.size "$lifeboat_dir/data/artifacts/bench/bench/$artifact/artifact.json")
  printf '%s: 1%% new files\n' "$1"
  printf '  lifeboat archive-filestore %8s s\n' "$archive_s"
  [ -z "$restic_s" ] || printf '  restic backup              %8s s   lifeboat takes %s of it\n' "$restic_s" "$(per "$archive_s" "$restic_s")"
  printf '  stored                     %8s MiB: %s times the new files in tar and zstd -1\n' "$(mib "$own")" "$(per "$own" "$new_compressed")"
}

restic_backup() { # sets restic_s where restic is installed
  [ -n "$repository" ] || return 0
  local begin
  sync
  begin=$EPOCHREALTIME
  restic -q -r "$repository" backup "$filestore" >/dev/null
  restic_s=$(seconds "$begin" "$EPOCHREALTIME")
}

rounds_of() { # WHO
  local round
  for ((round = 1; round <= rounds; round++)); do
    measure "$1, round $round" "$round"
  done
  backup --type filestore_only
  printf '%s, nothing new: lifeboat archive-filestore %s s\n' "$1" "$archive_s"
}
rounds_of "by the running engine"
stop_engine
rounds_of "by a command that starts its own engine"
remove_new_files
rm -rf "$repository"

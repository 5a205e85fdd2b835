#!/usr/bin/env bash
# Measures a backup by Lifeboat against the shell way, in pairs on the same data: see README.md beside this file.
set -euo pipefail
export LC_ALL=C.UTF-8

# shellcheck source=infra/bench/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

shell_way() { # sets shell_s, shell_db, shell_files
  local out=$work/shell begin
  rm -rf "$out"
  mkdir -p "$out"
  sync
  begin=$EPOCHREALTIME
  "$bin/pg_dump" -Fc -f "$out/db.dump"
  (cd "$out" && sha256sum db.dump >db.dump.sha256)
  tar -I zstd -cf "$out/filestore.tar.zst" -C "$filestore" .
  (cd "$out" && sha256sum filestore.tar.zst >filestore.tar.zst.sha256)
  shell_s=$(seconds "$begin" "$EPOCHREALTIME")
  shell_db=$(stat -c %s "$out/db.dump")
  shell_files=$(stat -c %s "$out/filestore.tar.zst")
  rm -rf "$out"
}

lifeboat_way() { # sets lifeboat_db, lifeboat_files, steps, and what backup sets
  local manifest
  rm -rf "$lifeboat_dir/data/artifacts"
  backup --full-filestore
  manifest=$lifeboat_dir/data/artifacts/bench/bench/$artifact/artifact.json
  lifeboat_db=$(jq .db_dump.size "$manifest")
  lifeboat_files=$(jq .filestore.size "$manifest")
  steps=$(jq -r '[.steps[] | "\(.name) \(.seconds)"] | join(", ")' "$work/backup.json")
  rm -rf "$lifeboat_dir/data/artifacts"
}

printf 'database %s MiB, filestore %s MiB in %s files, %s processors, %s\n' \
  "$(mib "$(psql -X -At -c 'SELECT pg_database_size(current_database())')")" \
  "$(du -sm --apparent-size "$filestore" | cut -f1)" "$(find "$filestore" -type f | wc -l)" "$(nproc)" "$("$bin/pg_dump" --version)"
for ((round = 1; round <= rounds; round++)); do
  if ((round % 2)); then
    order="the shell way first"
    shell_way
    lifeboat_way
  else
    order="Lifeboat first"
    lifeboat_way
    shell_way
  fi
  printf 'round %d (%s)\n' "$round" "$order"
  printf '  shell way  %8s s   db.dump %5s MiB   filestore.tar.zst %5s MiB\n' "$shell_s" "$(mib "$shell_db")" "$(mib "$shell_files")"
  printf '  lifeboat   %8s s   db.dump %5s MiB   filestore.tar.zst %5s MiB\n' "$backup_s" "$(mib "$lifeboat_db")" "$(mib "$lifeboat_files")"
  printf '  ratio      %8s\n' "$(awk -v a="$shell_s" -v b="$backup_s" 'BEGIN { printf "%.2f", a / b }')"
  printf '  seconds of its steps: %s\n' "$steps"
  printf '  peak memory of lifeboat: %s\n' "$memory"
done

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

tree_of() { # PID…: they and all their descendants
  cat /proc/[0-9]*/status 2>/dev/null | awk -v roots="$*" '
    /^Pid:/ { pid = $2 }
    /^PPid:/ { parent[pid] = $2 }
    END {
      n = split(roots, root, " ")
      for (i = 1; i <= n; i++) in_tree[root[i]] = 1
      do {
        grown = 0
        for (p in parent) if (!(p in in_tree) && (parent[p] in in_tree)) { in_tree[p] = 1; grown = 1 }
      } while (grown)
      for (p in in_tree) print p
    }'
}

sample() { # PID FILE: every second the peaks so far: of the tree (Pss), of the tree with the state server (Pss), of the JVM (VmHWM); KiB
  local pid=$1 peak=0 peak_all=0 jvm=0 state now
  pss() {
    local p
    for p in $(tree_of "$@"); do cat "/proc/$p/smaps_rollup" 2>/dev/null || true; done | awk '/^Pss:/ { s += $2 } END { print s + 0 }'
  }
  while [ -d "/proc/$pid" ]; do
    now=$(pss "$pid")
    if [ "$now" -gt "$peak" ]; then peak=$now; fi
    state=$(head -n 1 "$lifeboat_dir/data/state/data/postmaster.pid" 2>/dev/null || true)
    now=$(pss "$pid" ${state:+"$state"})
    if [ "$now" -gt "$peak_all" ]; then peak_all=$now; fi
    now=$(awk '/^VmHWM:/ { print $2 }' "/proc/$pid/status" 2>/dev/null || true)
    if [ "${now:-0}" -gt "$jvm" ]; then jvm=$now; fi
    printf '%s %s %s\n' "$peak" "$peak_all" "$jvm" >"$2.new"
    mv "$2.new" "$2"
    sleep 1
  done
}

lifeboat_way() { # sets lifeboat_s, lifeboat_db, lifeboat_files, steps, pss, pss_all, jvm
  local begin pid artifact manifest exit_code=0
  rm -rf "$lifeboat_dir/data/artifacts"
  sync
  begin=$EPOCHREALTIME
  (cd "$lifeboat_dir" && exec "$home/lifeboat" backup bench --json) >"$work/backup.json" 2>"$work/backup.log" &
  pid=$!
  sample "$pid" "$work/peak" &
  sampler=$!
  wait "$pid" || exit_code=$?
  lifeboat_s=$(seconds "$begin" "$EPOCHREALTIME")
  wait "$sampler" || true
  sampler=
  if [ "$exit_code" -ne 0 ]; then
    cat "$work/backup.log" >&2
    die "the backup ended with exit code $exit_code" "read $work/backup.log and $lifeboat_dir/data/logs/lifeboat.log"
  fi
  read -r pss pss_all jvm <"$work/peak"
  artifact=$(jq -r .artifact_id "$work/backup.json")
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
  printf '  lifeboat   %8s s   db.dump %5s MiB   filestore.tar.zst %5s MiB\n' "$lifeboat_s" "$(mib "$lifeboat_db")" "$(mib "$lifeboat_files")"
  printf '  ratio      %8s\n' "$(awk -v a="$shell_s" -v b="$lifeboat_s" 'BEGIN { printf "%.2f", a / b }')"
  printf '  seconds of its steps: %s\n' "$steps"
  printf '  peak memory of lifeboat: %d MiB with its children (Pss), %d MiB with its state server too, %d MiB the JVM alone (VmHWM)\n' \
    "$((pss / 1024))" "$((pss_all / 1024))" "$((jvm / 1024))"
done

#!/usr/bin/env bash
# Measures what a second backup costs against restic, and what three S3 servers cost against one: see README.md beside this file.
set -euo pipefail
export LC_ALL=C.UTF-8

# shellcheck source=infra/bench/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

backup() { # [OPTION…]: sets backup_s, archive_s, artifact
  local begin
  sync
  begin=$EPOCHREALTIME
  (cd "$lifeboat_dir" && "$home/lifeboat" backup bench --json "$@") >"$work/backup.json" 2>"$work/backup.log" ||
    die "the backup failed" "read $work/backup.log and $lifeboat_dir/data/logs/lifeboat.log"
  backup_s=$(seconds "$begin" "$EPOCHREALTIME")
  artifact=$(jq -r .artifact_id "$work/backup.json")
  archive_s=$(jq -r '[.steps[] | select(.name == "archive-filestore")][0].seconds' "$work/backup.json")
}

new_files() { # COUNT BYTES: files that were not there before, each under the name of its content; their names in new
  local made=$work/new-files
  rm -rf "$made"
  "$java" "$here/MakeFilestore.java" "$made" "$1" "$2" "$work/new.csv" "$RANDOM"
  (cd "$made" && find . -type f | cut -c3-) >"$work/new"
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

remove_new_files() {
  (cd "$filestore" && xargs -r rm -f <"$work/new")
  psql -X -q -c "DELETE FROM ir_attachment WHERE name = 'new'"
}

per() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

printf 'filestore %s MiB in %s files, %s processors\n' \
  "$(du -sm --apparent-size "$filestore" | cut -f1)" "$(find "$filestore" -type f | wc -l)" "$(nproc)"

# ---- a second backup

rm -rf "$lifeboat_dir/data/artifacts"
say "the first backups ..."
backup
first_s=$archive_s
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
for ((round = 1; round <= rounds; round++)); do
  new_files "$(((files + 99) / 100))" "$((mb * 1024 * 1024 / 100))"
  restic_s=
  if [ -n "$repository" ] && ((round % 2)); then
    sync
    begin=$EPOCHREALTIME
    restic -q -r "$repository" backup "$filestore" >/dev/null
    restic_s=$(seconds "$begin" "$EPOCHREALTIME")
  fi
  backup --type filestore_only
  if [ -n "$repository" ] && ((round % 2 == 0)); then
    sync
    begin=$EPOCHREALTIME
    restic -q -r "$repository" backup "$filestore" >/dev/null
    restic_s=$(seconds "$begin" "$EPOCHREALTIME")
  fi
  own=$(jq .filestore.size "$lifeboat_dir/data/artifacts/bench/bench/$artifact/artifact.json")
  printf 'round %d: 1%% new files\n' "$round"
  printf '  lifeboat archive-filestore %8s s   (the first backup: %s s)\n' "$archive_s" "$first_s"
  [ -z "$restic_s" ] || printf '  restic backup              %8s s   lifeboat takes %s of it\n' "$restic_s" "$(per "$archive_s" "$restic_s")"
  printf '  stored                     %8s MiB: %s times the new files in tar and zstd -1\n' "$(mib "$own")" "$(per "$own" "$new_compressed")"
done
backup --type filestore_only
printf 'nothing new: lifeboat archive-filestore %s s\n' "$archive_s"
remove_new_files
rm -rf "$repository"

# ---- three S3 servers

say "starting three S3 servers ..."
classpath=$work/s3proxy.classpath
(cd "$home" && ./mvnw -B -ntp -q dependency:build-classpath -Dmdep.includeScope=test -Dmdep.outputFile="$classpath") >&2
servers_pids=()
stop_servers() {
  kill "${servers_pids[@]}" 2>/dev/null || true
  rm -rf "$work"/s3-[123]
}
trap 'stop_servers; stop_all' EXIT
stores=
for i in 1 2 3; do
  rm -rf "$work/s3-$i"
  mkdir -p "$work/s3-$i/backups"
  printf 's3proxy.endpoint=http://127.0.0.%d:8%d80\ns3proxy.authorization=aws-v2-or-v4\ns3proxy.identity=bench\ns3proxy.credential=bench-secret\njclouds.provider=filesystem\njclouds.identity=x\njclouds.credential=x\njclouds.filesystem.basedir=%s\n' \
    "$i" "$i" "$work/s3-$i" >"$work/s3-$i.properties"
  "$java" -Xmx256m -cp "$(cat "$classpath")" org.gaul.s3proxy.Main --properties "$work/s3-$i.properties" >"$work/s3-$i.log" 2>&1 &
  servers_pids+=($!)
  stores+="    s3-$i: {kind: s3, endpoint: \"http://127.0.0.$i:8${i}80\", bucket: backups, access-key: bench, secret-key: bench-secret}
"
done
for i in 1 2 3; do
  for _ in $(seq 100); do
    curl -s -o /dev/null "http://127.0.0.$i:8${i}80/" && break
    sleep .2
  done
done
into() { # STORES: the environment's stores
  printf 'lifeboat:\n  pg-bin: "%s"\n  stores:\n%s  projects:\n    bench:\n      environments:\n        bench: {type: staging, odoo-conf: "%s", stores: [%s]}\n' \
    "$bin" "$stores" "$work/odoo.conf" "$1" >"$lifeboat_dir/config/application.yaml"
}
measure() { # STORES: sets backup_s
  into "$1"
  backup --full-filestore
  [ "$(jq -r '[.steps[] | select(.name == "register-artifact")][0].outputs.summary' "$work/backup.json")" = "$artifact" ] ||
    die "a store did not take the backup" "read $work/backup.json"
  rm -rf "$work"/s3-[123]/backups/bench
}
for ((round = 1; round <= rounds; round++)); do
  if ((round % 2)); then
    measure s3-1 && one=$backup_s
    measure s3-1,s3-2,s3-3 && three=$backup_s
  else
    measure s3-1,s3-2,s3-3 && three=$backup_s
    measure s3-1 && one=$backup_s
  fi
  printf 'round %d: into one S3 server %s s, into three %s s: %s times\n' "$round" "$one" "$three" "$(per "$three" "$one")"
done
configure

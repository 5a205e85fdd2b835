#!/usr/bin/env bash
# Measures what a backup into three S3 servers costs against one: see README.md beside this file.
set -euo pipefail
export LC_ALL=C.UTF-8

# shellcheck source=infra/bench/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

per() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

printf 'filestore %s MiB in %s files, %s processors\n' \
  "$(du -sm --apparent-size "$filestore" | cut -f1)" "$(find "$filestore" -type f | wc -l)" "$(nproc)"

say "starting three S3 servers${REGION_KBS:+, each connection at $REGION_KBS kB/s and 20 ms away} ..."
classpath=$work/s3proxy.classpath
(cd "$home" && ./mvnw -B -ntp -q dependency:build-classpath -Dmdep.includeScope=test -Dmdep.outputFile="$classpath") >&2
# Without a logger: Quarkus's, which nobody configures here, takes down every message for debugging, at four times the work of the rest.
servers_classpath=$(tr : '\n' <"$classpath" | grep -v slf4j-jboss-logmanager | paste -sd :)
servers_pids=()
stop_servers() {
  kill "${servers_pids[@]}" 2>/dev/null || true
  rm -f "$work"/s3-[123].*
}
trap 'stop_servers; stop_all' EXIT
# Servers at a distance are reached by another port.
reached=80
[ -z "${REGION_KBS:-}" ] || reached=81
stores='' ways=()
for i in 1 2 3; do
  printf 's3proxy.endpoint=http://127.0.0.%d:8%d80\ns3proxy.authorization=none\njclouds.provider=transient\njclouds.identity=x\njclouds.credential=x\n' \
    "$i" "$i" >"$work/s3-$i.properties"
  "$java" -Xmx5g -cp "$servers_classpath" org.gaul.s3proxy.Main --properties "$work/s3-$i.properties" >"$work/s3-$i.log" 2>&1 &
  servers_pids+=($!)
  stores+="    s3-$i: {kind: s3, endpoint: \"http://127.0.0.$i:8$i$reached\", bucket: backups, access-key: bench, secret-key: bench-secret}
"
  ways+=("127.0.0.$i:8$i$reached=127.0.0.$i:8${i}80")
done
if [ -n "${REGION_KBS:-}" ]; then
  "$java" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx64m "$here/Distance.java" "$REGION_KBS" 20 "${ways[@]}" >"$work/distance.log" 2>&1 &
  servers_pids+=($!)
fi
for i in 1 2 3; do
  for _ in $(seq 100); do
    curl -s -f -m 5 -o /dev/null -X PUT "http://127.0.0.$i:8$i$reached/backups" && break
    sleep .2
  done
done
into() { # STORES: the environment's stores
  printf 'lifeboat:\n  pg-bin: "%s"\n  stores:\n%s  projects:\n    bench:\n      environments:\n        bench: {type: staging, odoo-conf: "%s", stores: [%s]}\n' \
    "$bin" "$stores" "$work/odoo.conf" "$1" >"$lifeboat_dir/config/application.yaml"
}
measure() { # STORES: sets backup_s, memory
  into "$1"
  backup --full-filestore --type filestore_only
  [ "$(jq -r '[.steps[] | select(.name == "register-artifact")][0].outputs.summary' "$work/backup.json")" = "$artifact" ] ||
    die "a store did not take the backup" "read $work/backup.json"
}
say "two backups that are not measured: servers that have just started are slow ..."
measure s3-1,s3-2,s3-3
measure s3-1,s3-2,s3-3
sum_one=0 sum_three=0
for ((round = 1; round <= rounds; round++)); do
  if ((round % 2)); then
    measure s3-1 && one=$backup_s
    measure s3-1,s3-2,s3-3 && three=$backup_s three_memory=$memory
  else
    measure s3-1,s3-2,s3-3 && three=$backup_s three_memory=$memory
    measure s3-1 && one=$backup_s
  fi
  printf 'round %d: into one S3 server %s s, into three %s s: %s times\n' "$round" "$one" "$three" "$(per "$three" "$one")"
  printf '  peak memory of lifeboat into three: %s\n' "$three_memory"
  sum_one=$(sum "$sum_one" "$one") sum_three=$(sum "$sum_three" "$three")
done
printf 'together: %s times\n' "$(per "$sum_three" "$sum_one")"
configure

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
# All that is stored, what it replaces, and an upload while its parts are put together; the memory is touched before it is measured.
heap=$((8 * mb + 1024))
free=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
[ "$free" -gt "$((heap + 1024))" ] ||
  die "three S3 servers in memory need $heap MiB for $mb MiB of files, and $free MiB are free" "take a smaller --mb, with a folder of its own"
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; stop_all' EXIT
# Servers at a distance are reached by another port.
reached=80
[ -z "${REGION_KBS:-}" ] || reached=81
stores='' endpoints=() ways=()
for i in 1 2 3; do
  endpoints+=("http://127.0.0.$i:8${i}80")
  stores+="    s3-$i: {kind: s3, endpoint: \"http://127.0.0.$i:8$i$reached\", bucket: backups, access-key: bench, secret-key: bench-secret}
"
  ways+=("127.0.0.$i:8$i$reached=127.0.0.$i:8${i}80")
done
"$java" "-Xms${heap}m" "-Xmx${heap}m" -XX:+AlwaysPreTouch -XX:+UseParallelGC -cp "$servers_classpath" "$here/Regions.java" "${endpoints[@]}" >"$work/servers.log" 2>&1 &
servers_pid=$!
pids+=("$servers_pid")
if [ -n "${REGION_KBS:-}" ]; then
  "$java" -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx64m "$here/Distance.java" "$REGION_KBS" 20 "${ways[@]}" >"$work/distance.log" 2>&1 &
  pids+=($!)
fi
for i in 1 2 3; do
  for _ in $(seq 100); do
    curl -s -f -m 5 -o /dev/null -X PUT "http://127.0.0.$i:8$i$reached/backups" && break
    sleep .2
  done
done
kill -0 "$servers_pid" 2>/dev/null || die "the S3 servers have ended" "read $work/servers.log; are the ports ${endpoints[*]} free?"
into() { # STORES: the environment's stores
  printf 'lifeboat:\n  pg-bin: "%s"\n  stores:\n%s  projects:\n    bench:\n      environments:\n        bench: {type: staging, odoo-conf: "%s", stores: [%s]}\n' \
    "$bin" "$stores" "$work/odoo.conf" "$1" >"$lifeboat_dir/config/application.yaml"
}
servers_cpu() { # in seconds
  awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hz }' "/proc/$servers_pid/stat"
}
measure() { # STORES: sets backup_s, memory, cpu_s (the servers' time of processors)
  local cpu_before
  into "$1"
  cpu_before=$(servers_cpu)
  backup --full-filestore --type filestore_only
  cpu_s=$(seconds "$cpu_before" "$(servers_cpu)")
  [ "$(jq -r '[.steps[] | select(.name == "register-artifact")][0].outputs.summary' "$work/backup.json")" = "$artifact" ] ||
    die "a store did not take the backup" "read $work/backup.json"
}
say "three backups that are not measured: servers that have just started are slow ..."
for _ in 1 2 3; do measure s3-1,s3-2,s3-3; done
into_one() {
  measure s3-1
  one=$backup_s one_cpu=$cpu_s
}
into_three() {
  measure s3-1,s3-2,s3-3
  three=$backup_s three_cpu=$cpu_s three_memory=$memory
}
sum_one=0 sum_three=0
for ((round = 1; round <= rounds; round++)); do
  if ((round % 2)); then
    into_one
    into_three
  else
    into_three
    into_one
  fi
  printf 'round %d: into one S3 server %s s, into three %s s: %s times\n' "$round" "$one" "$three" "$(per "$three" "$one")"
  printf '  of that the servers took %s s of a processor for one, %s s for three\n' "$one_cpu" "$three_cpu"
  printf '  peak memory of lifeboat into three: %s\n' "$three_memory"
  sum_one=$(sum "$sum_one" "$one") sum_three=$(sum "$sum_three" "$three")
done
printf 'together: %s times\n' "$(per "$sum_three" "$sum_one")"
configure

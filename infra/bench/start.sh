#!/usr/bin/env bash
# From the start of a function's process to its first answer, for which it asks two databases: the JVM alone, with a
# cache that was trained by that function's own requests, and as the launcher starts it.
set -euo pipefail
# The data that the others measure with is not wanted here.
set -- "$@" --files 10 --mb 1 --db-rows 10
# shellcheck source=infra/bench/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

command -v curl >/dev/null || die "curl is missing" "install it with this system's package manager"
function=discover-bindings
# Below the ports that outgoing connections are given: one to a port where nobody listens yet could else be given that very port.
function_port=18620
jar=$home/target/quarkus-app/quarkus-run.jar
trained=$work/function.aot
pause=$work/pause
[ -p "$pause" ] || mkfifo "$pause"
# Those of the image (infra/images/lifeboat), in a container of 384 MiB.
flags=(-Xlog:disable -XX:+UseSerialGC -Xms192m -Xmx192m -XX:TieredStopAtLevel=1 -XX:NewRatio=1 -XX:SurvivorRatio=30 -XX:+UnlockDiagnosticVMOptions
  -XX:ArchiveRelocationMode=0 -XX:MaxDirectMemorySize=96m -Xss512k -XX:-UsePerfData --enable-native-access=ALL-UNNAMED
  --sun-misc-unsafe-memory-access=allow -Djava.util.logging.manager=org.jboss.logmanager.LogManager)

psql -X -q -d postgres -c 'DROP DATABASE IF EXISTS state' -c 'CREATE DATABASE state'
QUARKUS_DATASOURCE_PASSWORD=$(cut -d: -f5 "$PGPASSFILE")
export QUARKUS_DATASOURCE_PASSWORD QUARKUS_DATASOURCE_USERNAME=odoo LIFEBOAT_TOKEN=bench LC_ALL=C.UTF-8
export QUARKUS_DATASOURCE_JDBC_URL=jdbc:postgresql://127.0.0.1:$port/state
cd "$lifeboat_dir"
# Brings the state to the version of this program.
"$home/lifeboat" env list >/dev/null

request=$(jq -c '.environment = "bench/bench"' "$home/functions/$function/request.example.json")
ask() {
  curl -fs -m 5 -o "$work/answer" -H 'Authorization: Bearer bench' -H 'Content-Type: application/json' -d "$request" \
    "http://127.0.0.1:$function_port/$function"
}

first_answer() { # COMMAND…: sets took_s, processor_s (which other work on the machine hardly changes), memory_mb
  local begin end pid ticks
  ticks=$(getconf CLK_TCK)
  begin=$EPOCHREALTIME
  "$@" function "$function" --port "$function_port" >"$work/function.log" 2>&1 &
  pid=$!
  # Whoever asks by a program of its own, again and again, takes the processor that the start needs.
  until { exec 3<>"/dev/tcp/127.0.0.1/$function_port"; } 2>/dev/null; do
    kill -0 "$pid" 2>/dev/null || die "the function ended before it answered" "read $work/function.log"
    read -rt 0.01 <>"$pause" || true
  done
  exec 3>&-
  until ask; do
    kill -0 "$pid" 2>/dev/null || die "the function ended before it answered" "read $work/function.log"
  done
  end=$EPOCHREALTIME
  processor_s=$(awk -v t="$ticks" '{ printf "%.2f", ($14 + $15) / t }' "/proc/$pid/stat")
  grep -q '"status":"done"' "$work/answer" || die "the function did not do its step" "read $work/answer"
  memory_mb=$(awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$pid/status")
  for _ in 1 2 3; do
    ask
  done
  kill "$pid"
  wait "$pid" || true
  took_s=$(awk -v b="$begin" -v e="$end" 'BEGIN { printf "%.2f", e - b }')
}

median() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }

measure() { # NAME COMMAND…
  local name=$1 all=() processor=()
  shift
  for ((i = 0; i < rounds; i++)); do
    first_answer "$@"
    all+=("$took_s")
    processor+=("$processor_s")
  done
  printf '%-40s %s s (median of %s), %s s of processor, %s MB resident\n' "$name" \
    "$(median "${all[@]}")" "${all[*]}" "$(median "${processor[@]}")" "$memory_mb"
}

jvm=("$java" "${flags[@]}")

rm -f "$trained"
first_answer "${jvm[@]}" "-XX:AOTCacheOutput=$trained" -jar "$jar"
[ -s "$trained" ] || die "the JVM wrote no cache" "it has to be a JDK 25 or newer"
measure "JVM" "${jvm[@]}" -jar "$jar"
measure "JVM + a cache trained by the function" "${jvm[@]}" "-XX:AOTCache=$trained" -jar "$jar"
measure "./lifeboat function" "$home/lifeboat"

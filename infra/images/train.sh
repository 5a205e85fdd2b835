#!/bin/bash
# Runs an engine with a state of its own, asks it what functions and commands are asked, and has the JVM keep what it has
# learnt.   usage: train.sh CACHE
set -euo pipefail
cache=$1
scratch=$(mktemp -d)
port=8620
export LIFEBOAT_TOKEN=training

ask() { # METHOD PATH [BODY]
  local body=${3:-}
  exec 3<>"/dev/tcp/127.0.0.1/$port" || return 1
  printf '%s %s HTTP/1.0\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %s\r\n\r\n%s' \
    "$1" "$2" "$LIFEBOAT_TOKEN" "${#body}" "$body" >&3
  timeout 20 cat <&3 >"$scratch/answer" || true
  exec 3>&-
  [ -s "$scratch/answer" ]
}

cd "$scratch"
java -XX:AOTCacheOutput="$cache" -Xlog:disable -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx256m -XX:-UsePerfData \
  --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow \
  -Djava.util.logging.manager=org.jboss.logmanager.LogManager -jar /opt/lifeboat/quarkus-run.jar \
  serve --data-dir "$scratch/data" --port "$port" &
engine=$!
for ((i = 0; i < 600; i++)); do
  if ask GET /q/health 2>/dev/null && grep -q ' 200 ' "$scratch/answer"; then
    break
  fi
  kill -0 "$engine"
  sleep 0.2
done
step='{"run_id":"run_20260101T000000Z_00000000","operation":"backup","environment":"acme/prod","created_at":"2026-01-01T00:00:00Z","created_by":"local","attempt":1,"epoch":1,"inputs":{"backup_type":"full"},"outputs":{}}'
for _ in 1 2 3; do
  ask GET /api/v1/runs
  ask GET /api/v1/environments
  ask POST /discover-bindings "$step"
  ask POST /dump-db "$step"
done
kill "$engine"
wait "$engine" || true
rm -rf "$scratch"
[ -s "$cache" ]

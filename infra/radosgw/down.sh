#!/usr/bin/env bash
# Ends what up.sh started in FOLDER, and removes it.
set -euo pipefail

folder=${1:?usage: down.sh FOLDER}
for pidfile in "$folder"/run/client.rgw.a.pid "$folder"/run/osd.0.pid "$folder"/run/mon.a.pid; do
  [ -e "$pidfile" ] || continue
  pid=$(tr -d '\0\n' < "$pidfile")
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 40); do
    kill -0 "$pid" 2>/dev/null || break
    sleep .25
  done
  kill -9 "$pid" 2>/dev/null || true
done
rm -rf "$folder"

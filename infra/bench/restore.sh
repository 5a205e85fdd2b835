#!/usr/bin/env bash
# Measures restores by Lifeboat: of a filestore that lost 1% of its files against tar and restic, the window in which Odoo is
# stopped, and a rollback. See README.md beside this file.
set -euo pipefail
export LC_ALL=C.UTF-8

# shellcheck source=infra/bench/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

service() { # START: the environment gets a service of two scripts
  printf '#!/bin/sh\n%s\n' "$1" >"$work/start-odoo"
  printf '#!/bin/sh\nexit 0\n' >"$work/stop-odoo"
  chmod +x "$work/start-odoo" "$work/stop-odoo"
  printf 'lifeboat:\n  pg-bin: "%s"\n  projects:\n    bench:\n      environments:\n        bench:\n          type: staging\n          odoo-conf: "%s"\n          service: {kind: command, start: "%s", stop: "%s"}\n' \
    "$bin" "$work/odoo.conf" "$work/start-odoo" "$work/stop-odoo" >"$lifeboat_dir/config/application.yaml"
}

lifeboat() { (cd "$lifeboat_dir" && "$home/lifeboat" "$@" --json) 2>"$work/restore.log"; }

failed() { die "Lifeboat did not do as it should" "read $work/restore.log and $lifeboat_dir/data/logs/lifeboat.log"; }

lose() { # one file in a hundred; the list is the same in every round
  local file
  while read -r file; do rm -f "$filestore/$file"; done <"$work/lost"
}

step_seconds() { # JSON STEP…: their sum
  local json=$1
  shift
  jq -r --arg names " $* " '[.steps[] | .name as $name | select($names | contains(" " + $name + " ")) | .seconds] | add' <<<"$json"
}

between() { # JSON FROM TO: from the start of one step to the end of another, in seconds
  jq -r --arg from "$2" --arg to "$3" '
    def at: sub("\\.(?<f>[0-9]+)Z$"; "Z") as $whole | ($whole | fromdate) + ("0." + (capture("\\.(?<f>[0-9]+)Z$").f) | tonumber);
    ([.steps[] | select(.name == $to)][0].finished_at | at) - ([.steps[] | select(.name == $from)][0].started_at | at)' <<<"$1"
}

warm() { # FILE…: each way finds what it reads in the page cache, as far as it fits
  find "$@" -type f -exec cat {} + >/dev/null
}

forget() { # FILE…: what only one way reads takes no room there from the next one
  find "$@" -type f -exec dd if={} iflag=nocache count=0 status=none \;
}

paged_in() { # KiB that were read from all disks so far
  awk '$1 == "pgpgin" { print $2 }' /proc/vmstat
}

per() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", a / b }'; }

rm -rf "$lifeboat_dir/data/artifacts"
service 'exit 0'
say "backing up ..."
artifact=$(lifeboat backup bench | jq -r .artifact_id) || failed
parts=$lifeboat_dir/data/artifacts/bench/bench/$artifact
(cd "$filestore" && find . -type f | sort | awk 'NR % 100 == 0' | cut -c3-) >"$work/lost"
repository=
if command -v restic >/dev/null; then
  say "making restic's repository ..."
  repository=$work/restic
  export RESTIC_PASSWORD=bench RESTIC_CACHE_DIR=$work/restic-cache
  [ -d "$repository" ] || restic -q -r "$repository" init >/dev/null
  restic -q -r "$repository" backup "$filestore" >/dev/null
else
  say "restic is not installed: it is left out"
fi

printf 'filestore %s MiB in %s files, %s of them lost, %s processors\n' \
  "$(du -sm --apparent-size "$filestore" | cut -f1)" "$(find "$filestore" -type f | wc -l)" "$(wc -l <"$work/lost")" "$(nproc)"
sum_tar=0 sum_restic=0 sum_own=0
for ((round = 1; round <= rounds; round++)); do
  warm "$parts"
  sync
  begin=$EPOCHREALTIME
  mkdir "$work/extracted"
  tar -I zstd -xf "$parts/filestore.tar.zst" -C "$work/extracted"
  tar_s=$(seconds "$begin" "$EPOCHREALTIME")
  sync -f "$work/extracted"
  tar_durable_s=$(seconds "$begin" "$EPOCHREALTIME")
  rm -rf "$work/extracted"
  restic_s=
  if [ -n "$repository" ]; then
    warm "$repository"
    sync
    begin=$EPOCHREALTIME
    restic -q -r "$repository" restore latest --target "$work/extracted" >/dev/null
    restic_s=$(seconds "$begin" "$EPOCHREALTIME")
    sync -f "$work/extracted"
    restic_durable_s=$(seconds "$begin" "$EPOCHREALTIME")
    rm -rf "$work/extracted"
    forget "$repository"
  fi
  lose
  warm "$parts" "$filestore"
  sync
  before=$(paged_in)
  json=$(lifeboat restore bench "$artifact" --type filestore_only --again) || failed
  own_mib=$((($(paged_in) - before) / 1024))
  own_s=$(step_seconds "$json" prepare-restore restore-filestore)
  printf 'round %d: 1%% of the files lost\n' "$round"
  printf '  tar -I zstd -xf        %8s s   (%s s until all is on the disk)\n' "$tar_s" "$tar_durable_s"
  [ -z "$restic_s" ] || printf '  restic restore         %8s s   (%s s until all is on the disk)\n' "$restic_s" "$restic_durable_s"
  printf '  lifeboat, the files    %8.1f s   (steps prepare-restore and restore-filestore, all on the disk)\n' "$own_s"
  printf '  ratio to tar           %8s\n' "$(per "$tar_s" "$own_s")"
  [ -z "$restic_s" ] || printf '  ratio to restic        %8s\n' "$(per "$restic_s" "$own_s")"
  printf '  lifeboat, whole run    %8.1f s   (every byte of the artifact verified, a safety backup made, all files read again; %d MiB came from the disk)\n' \
    "$(jq -r '[.steps[].seconds] | add' <<<"$json")" "$own_mib"
  sum_tar=$(sum "$sum_tar" "$tar_s") sum_restic=$(sum "$sum_restic" "${restic_s:-0}") sum_own=$(sum "$sum_own" "$own_s")
done
printf 'together: %s times tar%s\n' "$(per "$sum_tar" "$sum_own")" "${repository:+, $(per "$sum_restic" "$sum_own") times restic}"

json=$(lifeboat restore bench "$artifact" --again) || failed
printf 'full restore: from quiesce to the end of restart %.2f s; all steps %.1f s (%s)\n' "$(between "$json" quiesce restart)" \
  "$(jq -r '[.steps[].seconds] | add' <<<"$json")" "$(jq -r '[.steps[] | "\(.name) \(.seconds)"] | join(", ")' <<<"$json")"

service "[ -e '$work/broken' ] && rm '$work/broken' && exit 1; exit 0"
touch "$work/broken"
json=$(lifeboat restore bench "$artifact" --again) || [ $? -eq 4 ] || failed
printf 'failed restore: rolled back in %.2f s (run: %s)\n' "$(step_seconds "$json" roll-back)" "$(jq -r .status <<<"$json")"
rm -rf "$lifeboat_dir/data/artifacts"

#!/usr/bin/env bash
# Stops what up.sh and odoo.sh started and unmounts the root folder; what was set up stays for the next time.
# usage: down.sh FOLDER     to remove it all afterwards: rm -rf --one-file-system FOLDER
set -euo pipefail
# shellcheck source=infra/odoo/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

for conf in "$bed"/*.conf; do
  name=$(basename "$conf" .conf)
  [ -e "$conf" ] && "$(dirname "${BASH_SOURCE[0]}")/odoo.sh" "$folder" stop "$name"
done
if pg_running; then
  as_postgres "$pg_bin/pg_ctl" -D "$pg" -s -w -m fast stop
fi
for mounted in "$root$bed" "$root/dev" "$root/proc"; do
  if mountpoint -q "$mounted"; then
    umount -R "$mounted" || umount -R -l "$mounted"
  fi
done

#!/bin/bash
# Fills what an Odoo would have: files below /var/lib/odoo/filestore/odoo, and on standard output the SQL of their attachments.
#   usage: odoo.sh FILES KIB
set -euo pipefail
store=/var/lib/odoo/filestore/odoo
mkdir -p "$store/checklist"
chmod 0755 /var/lib/odoo/filestore
for ((i = 0; i < $1; i++)); do
  head -c "$(($2 * 1024))" /dev/urandom >"$store/new"
  sha1=$(sha1sum <"$store/new" | cut -c1-40)
  mkdir -p "$store/${sha1:0:2}"
  mv "$store/new" "$store/${sha1:0:2}/$sha1"
  printf "INSERT INTO ir_attachment (name, type, store_fname, checksum, file_size, mimetype) VALUES ('scan-%s', 'binary', '%s', '%s', %s, 'image/jpeg');\n" \
    "$i" "${sha1:0:2}/$sha1" "$sha1" "$(($2 * 1024))"
done

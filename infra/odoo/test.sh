#!/usr/bin/env bash
# Runs Lifeboat against a real Odoo 19: under load, four kinds of damage, a restore that fails, production into staging, Odoo's
# own zip both ways (Debian, as root; some fifteen minutes the first time, eight afterwards).
# usage: test.sh [FOLDER]   where that Odoo is kept between runs (default: data/odoo); the log is FOLDER/test.log
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
folder=${1:-data/odoo}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
trap '"$here/down.sh" "$folder"' EXIT
"$here/up.sh" "$folder"
./mvnw -B -ntp verify -Podoo -Dtest=ArchitectureTest -Dit.test='RealOdoo*IT' -Dsurefire.failIfNoSpecifiedTests=false \
  -Dlifeboat.odoo="$folder" 2>&1 | tee "$folder/test.log"

#!/usr/bin/env bash
# Holds what is shipped against what is known of it. Needs a network: osv-scanner or grype fetch the advisories.
#   infra/audit.sh            makes target/bom.json (-Psbom) where it is not there, and scans it; ends with 1 where something is found
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ ! -f target/bom.json ]; then
  ./mvnw -B -ntp -Psbom -DskipTests package
fi
if command -v osv-scanner > /dev/null; then
  exec osv-scanner scan source --lockfile target/bom.json
elif command -v grype > /dev/null; then
  exec grype sbom:target/bom.json --fail-on high
fi
echo "neither osv-scanner nor grype is here: install one of them, then run this again" >&2
exit 3

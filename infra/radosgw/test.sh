#!/usr/bin/env bash
# Runs the store suite against a real Ceph gateway, where locks are enforced (Debian, as root; some three minutes).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(mktemp -d)
trap '"$here/down.sh" "$folder"' EXIT
"$here/up.sh" "$folder"
cd "$here/../.."
./mvnw -B -ntp verify -Pradosgw -Dtest=ArchitectureTest -Dit.test='Radosgw*IT' -Dsurefire.failIfNoSpecifiedTests=false

#!/usr/bin/env bash
# Checks everything that is no Java, with the tools that are at hand, and tells what it could not check. Fails where a check fails;
# --all fails too where one could not be made, and builds and runs the images.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

failed=0
left=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

result() { printf '%-8s %s\n' "$1" "$2"; }
check() { # NAME COMMAND…
  local name=$1
  shift
  if "$@" >"$scratch/log" 2>&1; then
    result ok "$name"
  else
    result FAILED "$name"
    sed 's/^/         /' "$scratch/log"
    failed=1
  fi
}
leave() { # NAME WHY
  result "not run" "$1: $2"
  left=1
}

mapfile -t scripts < <(git ls-files -- lifeboat 'infra/*.sh' infra/images/lifeboat infra/images/healthy '.ci/run')
for script in "${scripts[@]}"; do
  check "bash -n $script" bash -n "$script"
done
if command -v shellcheck >/dev/null; then
  check shellcheck shellcheck -x -S warning "${scripts[@]}"
else
  leave shellcheck "it is not installed"
fi

if command -v systemd-analyze >/dev/null; then
  # Where the program is installed is the site's; here it is anything that can be run.
  mkdir "$scratch/units"
  for unit in infra/systemd/*; do
    sed 's#^ExecStart=[^ ]*#ExecStart=/bin/true#' "$unit" >"$scratch/units/$(basename "$unit")"
  done
  check "systemd units" systemd-analyze verify --man=no --recursive-errors=no "$scratch"/units/*
else
  leave "systemd units" "there is no systemd-analyze"
fi

if command -v promtool >/dev/null; then
  check "alerts: rules" promtool check rules infra/monitoring/rules/*.yaml
  check "alerts: tests" promtool test rules infra/monitoring/tests/*.yaml
  check "alerts: prometheus.yaml" promtool check config --syntax-only infra/monitoring/prometheus.yaml
else
  leave alerts "there is no promtool (Debian: prometheus)"
fi

if command -v kubectl >/dev/null; then
  for folder in infra/kubernetes/base infra/kubernetes/overlays/*/; do
    check "kustomize ${folder#infra/kubernetes/}" kubectl kustomize "$folder"
  done
else
  leave kustomize "there is no kubectl"
fi
check "Knative services as the functions' files say" \
  diff <(infra/kubernetes/knative.sh) infra/kubernetes/overlays/knative/functions.yaml
if [ -e target/function.zip ]; then
  check "function.zip is under 80 MB" test "$(stat -c %s target/function.zip)" -lt 80000000
else
  leave "the size of function.zip" "it is not built: ./mvnw package -Plambda"
fi
if [ -e target/native-sources/native-image.args ]; then
  check "sources of the native program" test -s "$(sed -n 's#.*-jar \([^ ]*\).*#target/native-sources/\1#p' target/native-sources/native-image.args)"
else
  leave "sources of the native program" "they are not built: ./mvnw package -Dnative -Dquarkus.native.sources-only=true"
fi
if [ "${1:-}" = --all ] && [ "$(id -u)" -eq 0 ]; then
  check images infra/images/test.sh "$scratch/images"
else
  leave images "--all builds and runs them, as root (infra/images/test.sh)"
fi

# Away from the sources, so that nothing is left there. The functions' module reads what stands beside it.
cp -r terraform "$scratch/terraform"
cp -r functions "$scratch/functions"
if ! command -v terraform >/dev/null; then
  leave terraform "it is not installed"
else
  check "terraform fmt" terraform fmt -check -diff -recursive terraform
  for module in terraform/*/; do
    name=$(basename "$module")
    if terraform -chdir="$scratch/terraform/$name" init -backend=false -input=false >"$scratch/log" 2>&1; then
      check "terraform validate $name" terraform -chdir="$scratch/terraform/$name" validate
      check "terraform test $name" terraform -chdir="$scratch/terraform/$name" test
    else
      leave "terraform validate and test of $name" "its providers can't be had: $(grep -m 1 Error "$scratch/log" || true)"
    fi
  done
fi

if [ "$failed" -ne 0 ]; then
  exit 1
fi
[ "${1:-}" != --all ] || [ "$left" -eq 0 ]

#!/usr/bin/env bash
# Builds the images from the project's Containerfiles and runs them with podman, on Debian, as root:
#   - the compose file beside a made-up Odoo: a backup, a disaster, a restore; then a backup in the middle of which the sidecar is
#     cut off the networks for a while
#   - the pod of infra/kubernetes, with the same claims and secrets that a cluster would give it: a backup, a disaster, a restore
# No registry is asked: the base is a Debian of debootstrap's, PostgreSQL and the S3 server are images of infra/images/test.
# usage: test.sh FOLDER [compose|kubernetes]      both by default; 10 minutes the first time
set -euo pipefail
home=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=${1:?a folder is needed, such as data/images}
only=${2:-both}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
log=$folder/log
: >"$log"
base=localhost/lifeboat-base:13
network=lifeboat-test-odoo
export CONTAINERS_CONF=$folder/containers.conf

say() { printf '%(%H:%M:%S)T %s\n' -1 "$*"; }
die() {
  say "error: $1"
  say "  what to do: $2"
  exit 1
}
quietly() { # COMMAND…: what it says goes to the log
  printf '+ %s\n' "$*" >>"$log"
  "$@" >>"$log" 2>&1 || {
    tail -n 30 "$log"
    die "this failed: $*" "read $log"
  }
}
until_true() { # SECONDS WHAT COMMAND…
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >>"$log" 2>&1; do
    [ $SECONDS -lt $end ] || die "waited in vain for $what" "read $log"
    sleep 0.5
  done
}

[ "$(id -u)" -eq 0 ] || die "containers without a container engine's service need root" "run this as root"
for tool in curl jq; do
  command -v $tool >/dev/null || die "$tool is missing" "apt-get install $tool"
done

install_podman() {
  local need=() package
  for package in podman buildah runc catatonit netavark aardvark-dns podman-compose iptables debootstrap kubectl; do
    command -v $package >/dev/null || dpkg-query -s $package >/dev/null 2>&1 || need+=("$package")
  done
  if [ ${#need[@]} -gt 0 ]; then
    say "installing ${need[*]}"
    quietly apt-get update -qq
    DEBIAN_FRONTEND=noninteractive quietly apt-get install -y --no-install-recommends "${need[@]}"
  fi
  # Fewer files and processes than a service would give, and a runtime that takes every kind of cgroups.
  cat >"$CONTAINERS_CONF" <<'C'
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
C
}

make_base() {
  podman image exists $base && return
  local mirror
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep debian | grep -v security | sort -u | head -n 1)
  [ -n "$mirror" ] || die "apt names no mirror of Debian" "mend /etc/apt/sources.list"
  say "a Debian 13 for the images"
  rm -rf "$folder/base"
  quietly debootstrap --variant=minbase --include=ca-certificates trixie "$folder/base" "${mirror%/}"
  rm -rf "$folder"/base/var/cache/apt/*.bin "$folder"/base/var/cache/apt/archives/*.deb "$folder"/base/var/lib/apt/lists/*
  tar -C "$folder/base" --numeric-owner -c . | podman import - $base >>"$log" 2>&1
  rm -rf "$folder/base"
}

build() { # IMAGE CONTAINERFILE [ARGUMENT…]: in the project's folder
  local image=$1 file=$2
  shift 2
  say "image $image"
  quietly podman build --network host --format docker "$@" -f "$file" -t "localhost/$image" .
}

build_images() {
  cd "$home"
  if [ ! -e target/bom.json ] || [ ! -e target/quarkus-app/quarkus-run.jar ] || [ -n "$(find src/main functions pom.xml -newer target/quarkus-app/quarkus-run.jar -print -quit)" ]; then
    say "the program"
    quietly ./mvnw -B -ntp package -Psbom -Dmaven.test.skip=true -Dspotless.check.skip=true
  fi
  build lifeboat infra/images/Containerfile --build-arg BASE=$base --build-arg UID=101 --build-arg GID=101 \
    --build-arg REVISION="$(git rev-parse HEAD)"
  build lifeboat-sidecar infra/images/Containerfile.sidecar
  build lifeboat-test-postgres infra/images/test/Containerfile.postgres --build-arg BASE=$base
  mkdir -p "$folder/store/libraries"
  [ -n "$(ls "$folder/store/libraries")" ] ||
    quietly ./mvnw -B -ntp -f infra/images/test/store-pom.xml org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
      -DincludeScope=runtime "-DoutputDirectory=$folder/store/libraries"
  cp infra/images/test/store.sh "$folder/store/"
  say "image lifeboat-test-store"
  quietly podman build --format docker -f infra/images/test/Containerfile.store -t localhost/lifeboat-test-store "$folder/store"
  podman run --rm --entrypoint cat localhost/lifeboat /usr/share/lifeboat/sbom.cdx.json | jq -e '.bomFormat == "CycloneDX"' >/dev/null ||
    die "the image has no list of what it is made of" "look at target/bom.json"
  [ "$(podman image inspect localhost/lifeboat | jq -r '.[0].Config.User')" = lifeboat ] || die "the image runs as root" "look at its USER"
}

# --- a made-up Odoo: a database in a container, files in a volume, an odoo.conf ---

odoo_psql() { podman exec -i lifeboat-test-odoo-db psql -X -q -v ON_ERROR_STOP=1 -U odoo "$@"; }

remove_odoo() {
  podman rm -f -t 5 lifeboat-test-odoo-db >>"$log" 2>&1 || true
  podman volume rm -f lifeboat-test-odoo-data >>"$log" 2>&1 || true
}

make_odoo() {
  remove_odoo
  podman network exists $network || quietly podman network create $network
  quietly podman volume create lifeboat-test-odoo-data
  quietly podman run -d --name lifeboat-test-odoo-db --network $network --network-alias odoo-db \
    -e POSTGRES_DB=odoo -e POSTGRES_USER=odoo -e POSTGRES_PASSWORD=odoo-db-secret localhost/lifeboat-test-postgres
  mkdir -p "$folder/odoo"
  cat >"$folder/odoo/odoo.conf" <<'C'
[options]
admin_passwd = not-for-anybody
db_host = odoo-db
db_port = 5432
db_user = odoo
db_password = odoo-db-secret
db_name = odoo
data_dir = /var/lib/odoo
C
  chown -R 101:101 "$folder/odoo"
  chmod 0600 "$folder/odoo/odoo.conf"
  until_true 60 "Odoo's database" odoo_psql -d odoo -c 'SELECT 1'
  odoo_psql -d odoo <"$home/src/main/resources/sample/odoo.sql" >>"$log" 2>&1
  podman run --rm --user root -v lifeboat-test-odoo-data:/var/lib/odoo localhost/lifeboat-base:13 chown 101:101 /var/lib/odoo
  add_files 300 32
}

add_files() { # FILES KIB
  podman run --rm --user 101:101 -v lifeboat-test-odoo-data:/var/lib/odoo -v "$home/infra/images/test/odoo.sh:/odoo.sh:ro" \
    $base bash /odoo.sh "$1" "$2" 2>>"$log" >"$folder/attachments.sql"
  odoo_psql -1 -d odoo <"$folder/attachments.sql" >>"$log" 2>&1
}

census() { # what there is: rows, and a hash over each file's path, owner and content
  odoo_psql -At -d odoo -c 'SELECT (SELECT count(*) FROM res_partner), (SELECT count(*) FROM ir_attachment)'
  podman run --rm --user 101:101 -v lifeboat-test-odoo-data:/var/lib/odoo $base bash -c \
    "cd /var/lib/odoo/filestore/odoo && find . -type f -printf '%P %U:%G ' -exec sha1sum {} \; | cut -d' ' -f1-3 | sort | sha1sum"
}

disaster() {
  odoo_psql -d postgres -c 'DROP DATABASE odoo WITH (FORCE)'
  podman run --rm --user 101:101 -v lifeboat-test-odoo-data:/var/lib/odoo $base rm -rf /var/lib/odoo/filestore/odoo
}

# --- a backup, a disaster, a restore, through the command line of the engine's container ---

lifeboat() { podman exec "$engine" lifeboat "$@"; }

backup_and_restore() { # WHAT
  local before answer
  before=$(census)
  say "$1: a backup"
  answer=$(lifeboat backup prod --json 2>>"$log") || die "the backup failed: $answer" "read $log"
  jq -e '.status == "success"' <<<"$answer" >/dev/null || die "the backup ended as $(jq -r .status <<<"$answer")" "read $log"
  disaster
  say "$1: everything is lost; a restore"
  answer=$(lifeboat restore prod latest --confirm prod --json 2>>"$log") || die "the restore failed: $answer" "read $log"
  jq -e '.status == "success"' <<<"$answer" >/dev/null || die "the restore ended as $(jq -r .status <<<"$answer")" "read $log"
  lifeboat evidence verify "$(jq -r .run_id <<<"$answer")" >>"$log" 2>&1 || die "the evidence does not hold" "read $log"
  [ "$(census)" = "$before" ] || die "what came back is not what was there" "compare: $before"
  say "$1: what came back is what was there"
}

# --- compose ---

compose() { (cd "$folder/compose" && podman-compose -p lifeboat-test "$@"); }

compose_down() {
  [ ! -d "$folder/compose" ] || compose down -v >>"$log" 2>&1 || true
  podman volume ls -q | grep '^lifeboat-test_' | xargs -r podman volume rm -f >>"$log" 2>&1 || true
}

compose_up() {
  compose_down
  rm -rf "$folder/compose"
  cp -r "$home/infra/compose" "$folder/compose"
  cat >"$folder/compose/.env" <<C
ODOO_NETWORK=$network
ODOO_DATA_VOLUME=lifeboat-test-odoo-data
ODOO_CONF=$folder/odoo/odoo.conf
LIFEBOAT_TOKEN=$(openssl rand -hex 24)
LIFEBOAT_SIDECAR_TOKEN=$(openssl rand -hex 24)
LIFEBOAT_SIDECAR_LOST_AFTER=5s
LIFEBOAT_PORT=18620
STATE_PASSWORD=$(openssl rand -hex 24)
STORE_ACCESS_KEY=lifeboat
STORE_SECRET_KEY=$(openssl rand -hex 24)
POSTGRES_IMAGE=localhost/lifeboat-test-postgres
STORE_IMAGE=localhost/lifeboat-test-store
C
  quietly compose up -d
  engine=lifeboat-test_lifeboat_1
  sidecar=lifeboat-test_sidecar_1
  until_true 90 "the engine" podman exec $engine healthy
  until_true 60 "the sidecar" podman exec $sidecar healthy
}

steps_of() { # the steps that the run is at
  curl -fs -m 5 -H "Authorization: Bearer $(sed -n 's/^LIFEBOAT_TOKEN=//p' "$folder/compose/.env")" \
    "http://127.0.0.1:18620/api/v1/runs/$1" | jq -r '[.steps[] | select(.status == "running" or .status == "waiting") | .name] | join(" ")'
}

sidecar_cut_off() {
  local answer began
  lifeboat backup prod --full-filestore --json >"$folder/cut.json" 2>>"$log" &
  began=$!
  until_true 60 "the backup" run_is_at archive-filestore
  say "compose: the sidecar is cut off in the middle of a backup"
  quietly podman network disconnect lifeboat-test_lifeboat $sidecar
  quietly podman network disconnect $network $sidecar
  sleep 12
  podman exec $sidecar healthy || die "the sidecar itself has died" "this was to be a cut, not a crash"
  quietly podman network connect --alias sidecar lifeboat-test_lifeboat $sidecar
  quietly podman network connect $network $sidecar
  say "compose: connected again"
  wait $began || true
  answer=$(cat "$folder/cut.json")
  jq -e '.status == "success"' <<<"$answer" >/dev/null || die "the backup ended as $answer" "read $log"
  jq -e '.steps[] | select(.name == "archive-filestore") | .attempt > 1' <<<"$answer" >/dev/null ||
    die "the task was not lost" "the cut has to be longer than lost-after"
  lifeboat verify "$(jq -r .artifact_id <<<"$answer")" >>"$log" 2>&1 || die "the backup is not whole" "read $log"
  say "compose: the backup came to a good end"
}

run_is_at() { # STEP
  local run
  run=$(lifeboat runs --json 2>/dev/null | jq -r '.[0] | select(.status == "running") | .run_id')
  [ -n "$run" ] && [[ " $(steps_of "$run") " == *" $1 "* ]]
}

# --- the pod of infra/kubernetes ---

pod_down() {
  podman pod rm -f -t 5 lifeboat-pod-0 >>"$log" 2>&1 || true
  podman rm -f -t 5 lifeboat-test-state lifeboat-test-store >>"$log" 2>&1 || true
  podman secret rm lifeboat lifeboat-odoo >>"$log" 2>&1 || true
  podman volume rm -f lifeboat-data lifeboat-keys lifeboat-sidecar lifeboat-odoo odoo-data >>"$log" 2>&1 || true
  podman volume ls -q | grep -E '^lifeboat-[a-z0-9]{10}$' | xargs -r podman volume rm -f >>"$log" 2>&1 || true
}

pod_up() {
  pod_down
  quietly podman run -d --name lifeboat-test-state --network $network --network-alias state \
    -e POSTGRES_DB=lifeboat -e POSTGRES_USER=lifeboat -e POSTGRES_PASSWORD=state-secret localhost/lifeboat-test-postgres
  quietly podman run -d --name lifeboat-test-store --network $network --network-alias store -e S3PROXY_ENDPOINT=http://0.0.0.0:8080 \
    -e S3PROXY_AUTHORIZATION=aws-v2-or-v4 -e S3PROXY_IDENTITY=lifeboat -e S3PROXY_CREDENTIAL=store-secret \
    -e JCLOUDS_PROVIDER=filesystem -e JCLOUDS_FILESYSTEM_BASEDIR=/data localhost/lifeboat-test-store
  # podman takes a secret as JSON: values in base64 where they become variables, and plain below 'data' where they become files.
  jq -n '{LIFEBOAT_TOKEN: "engine-secret", LIFEBOAT_SIDECAR_TOKEN: "sidecar-secret",
      QUARKUS_DATASOURCE_JDBC_URL: "jdbc:postgresql://state:5432/lifeboat", QUARKUS_DATASOURCE_USERNAME: "lifeboat",
      QUARKUS_DATASOURCE_PASSWORD: "state-secret", STORE_ENDPOINT: "http://store:8080", STORE_ACCESS_KEY: "lifeboat",
      STORE_SECRET_KEY: "store-secret"} | map_values(@base64)' | quietly podman secret create lifeboat -
  jq -n --rawfile conf "$folder/odoo/odoo.conf" '{data: {"odoo.conf": $conf}}' | quietly podman secret create lifeboat-odoo -
  # Odoo's claim is there before Lifeboat's; there is no cluster to stop Odoo in.
  mkdir -p "$folder/kubernetes"
  cp -r "$home/infra/kubernetes/base" "$folder/kubernetes/"
  sed -i '/service: {kind: kubernetes/d' "$folder/kubernetes/base/application.yaml"
  kubectl kustomize "$folder/kubernetes/base" | sed 's/claimName: odoo-data/claimName: lifeboat-test-odoo-data/' >"$folder/kubernetes/all.yaml"
  # In a folder without one that is called as an image is: that would be built.
  (cd "$folder/kubernetes" && quietly podman play kube --network $network all.yaml)
  engine=lifeboat-pod-0-engine
  until_true 90 "the engine" podman exec $engine healthy
  until_true 60 "the sidecar" podman exec lifeboat-pod-0-sidecar healthy
}

clean_up() {
  local code=$?
  if [ $code -ne 0 ]; then
    for container in $(podman ps -a --format '{{.Names}}' | grep -E '^lifeboat-(test|pod)'); do
      { printf '== %s\n' "$container"; podman logs --tail 60 "$container"; } >>"$log" 2>&1 || true
      podman cp "$container:/var/lib/lifeboat/logs/lifeboat.log" "$folder/$container.log" 2>/dev/null || true
    done
  fi
  compose_down
  pod_down
  remove_odoo
  podman network rm -f $network >>"$log" 2>&1 || true
  exit $code
}

install_podman
make_base
build_images
trap clean_up EXIT
if [ "$only" != kubernetes ]; then
  make_odoo
  compose_up
  backup_and_restore compose
  add_files 300 2048
  sidecar_cut_off
  compose_down
fi
if [ "$only" != compose ]; then
  make_odoo
  pod_up
  backup_and_restore kubernetes
fi
say "everything ran"

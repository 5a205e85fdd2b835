#!/usr/bin/env bash
# Sets up a real Odoo 19 and its PostgreSQL for tests, on a bare Debian machine: packages in a folder of their own, a server,
# and a database 'odoo_seed' with base, web, contacts, sale, account, stock and demo data. What is there already is used again.
# usage: up.sh FOLDER      5 minutes and 4 GB the first time; seconds afterwards. down.sh FOLDER stops it.
set -euo pipefail
# shellcheck source=infra/odoo/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

mirror_of() { # security|main: what the machine's own apt uses
  local found
  found=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | sort -u)
  if [ "$1" = security ]; then
    found=$(grep security <<<"$found" | head -n 1) || true
  else
    found=$(grep -v security <<<"$found" | head -n 1) || true
  fi
  printf '%s' "${found%/}"
}

install_packages() {
  local main security need=()
  command -v apt-get >/dev/null || die "this sets up Debian packages" "run it on Debian or one of its children"
  [ -n "$pg_bin" ] || need+=(postgresql)
  command -v debootstrap >/dev/null || need+=(debootstrap)
  command -v curl >/dev/null || need+=(curl)
  if [ ${#need[@]} -gt 0 ]; then
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${need[@]}" >/dev/null
    exec "${BASH_SOURCE[0]}" "$folder"
  fi
  main=$(mirror_of main)
  security=$(mirror_of security)
  [ -n "$main" ] || die "apt names no mirror" "mend /etc/apt/sources.list"
  if [ ! -x "$root/usr/bin/dpkg" ]; then
    say "a Debian 13 of its own ..."
    debootstrap --variant=minbase --include=ca-certificates,procps trixie "$root" "$main" >"$folder/setup.log" 2>&1 ||
      die "debootstrap failed" "read $folder/setup.log"
  fi
  cat >"$root/etc/apt/apt.conf.d/99local" <<'C'
Acquire::Check-Valid-Until "false";
Acquire::Check-Date "false";
Acquire::Languages "none";
APT::Install-Recommends "false";
C
  # odoo-19 comes from sid, for all architectures; sid's own Python is too new for it.
  {
    printf 'deb %s trixie main\ndeb %s trixie-updates main\ndeb %s sid main\n' "$main" "$main" "$main"
    [ -z "$security" ] || printf 'deb %s trixie-security main\n' "$security"
  } >"$root/etc/apt/sources.list"
  printf 'Package: *\nPin: release n=sid\nPin-Priority: -10\n\nPackage: odoo-19\nPin: release n=sid\nPin-Priority: 990\n' \
    >"$root/etc/apt/preferences.d/sid"
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod +x "$root/usr/sbin/policy-rc.d"
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
  mount_root
  say "Odoo's packages ..."
  {
    chroot "$root" apt-get update
    chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -y odoo-19 tzdata-legacy postgresql-client-17
    chroot "$root" apt-get clean
  } >>"$folder/setup.log" 2>&1 || die "Odoo's packages could not be installed" "read $folder/setup.log"
  touch "$root/installed"
}

start_server() {
  pg_running && return
  if [ ! -s "$pg/PG_VERSION" ]; then
    install -d -m 700 -o postgres -g postgres "$pg"
    as_postgres "$pg_bin/initdb" -D "$pg" -U postgres -E UTF8 --locale=C.UTF-8 --auth-local=trust --auth-host=scram-sha-256 >/dev/null
    printf "listen_addresses = '127.0.0.1'\nunix_socket_directories = '%s'\nshared_buffers = 256MB\n" "$pg" |
      as_postgres tee -a "$pg/postgresql.conf" >/dev/null
  fi
  as_postgres "$pg_bin/pg_ctl" -D "$pg" -s -w -l "$pg/server.log" -o "-p $pg_port" start ||
    die "PostgreSQL did not start" "read $pg/server.log; is port $pg_port free (ODOO_PG_PORT)?"
  as_postgres psql -X -q -h "$pg" -p "$pg_port" -d postgres -tAc "SELECT 1 FROM pg_roles WHERE rolname = 'odoo'" | grep -q 1 ||
    as_postgres psql -X -q -h "$pg" -p "$pg_port" -d postgres -c "CREATE ROLE odoo LOGIN CREATEDB PASSWORD '$db_password'"
}

write_conf() { # NAME HTTP GEVENT
  [ -e "$bed/$1.conf" ] && return
  cat >"$bed/$1.conf" <<C
[options]
admin_passwd = odoo-master-secret
db_host = 127.0.0.1
db_port = $pg_port
db_user = odoo
db_password = $db_password
db_name = odoo_$1
dbfilter = ^odoo_$1\$
list_db = False
data_dir = $bed/data
addons_path = /usr/lib/python3/dist-packages/odoo/addons,$bed/addons
http_interface = 127.0.0.1
http_port = $2
gevent_port = $3
logfile = $bed/log/$1.log
pidfile = $bed/run/$1.pid
workers = 2
max_cron_threads = 1
C
}

seed() {
  if [ -n "$(psql_odoo -d postgres -tAc "SELECT 1 FROM pg_database WHERE datname = 'odoo_seed' AND datistemplate")" ]; then
    return
  fi
  say "a database with demo data ..."
  psql_odoo -d postgres -c 'DROP DATABASE IF EXISTS odoo_seed'
  rm -rf "$bed/data/filestore/odoo_seed"
  in_root odoo /usr/bin/odoo server -c "$bed/prod.conf" -d odoo_seed --db-filter='^odoo_seed$' --logfile="$bed/log/seed.log" \
    -i base,web,contacts,sale_management,account,stock --with-demo --stop-after-init --no-http --workers=0 --max-cron-threads=0 \
    >>"$folder/setup.log" 2>&1 || die "Odoo could not make its database" "read $bed/log/seed.log"
  psql_odoo -d postgres -c 'ALTER DATABASE odoo_seed IS_TEMPLATE true'
}

# A key for the external API, of the administrator.
make_key() {
  [ -s "$bed/api-key" ] && return
  (
    umask 077
    printf '%s\n' "print('KEY', env['res.users.apikeys'].with_user(2)._generate('rpc', 'tests', False)); env.cr.commit()" |
      in_root odoo /usr/bin/odoo shell -c "$bed/prod.conf" -d odoo_seed --db-filter='^odoo_seed$' --logfile= --no-http 2>>"$folder/setup.log" |
      sed -n 's/^KEY //p' >"$bed/api-key"
  )
  [ -s "$bed/api-key" ] || die "Odoo made no API key" "read $folder/setup.log"
}

[ -e "$root/installed" ] && [ -n "$pg_bin" ] || install_packages
mount_root
mkdir -p "$bed"/{data,log,run,addons}
chroot "$root" chown odoo:odoo "$bed" "$bed"/{data,log,run,addons}
start_server
write_conf prod 8069 8072
write_conf staging 8169 8172
chroot "$root" sh -c "chown odoo:odoo '$bed'/*.conf && chmod 640 '$bed'/*.conf"
seed
make_key

# Sourced by the scripts beside it: where a real Odoo 19 for tests is kept, and how it is run.
#   FOLDER/root   a Debian 13 of its own with Odoo's packages; nothing is installed on the machine itself but debootstrap
#   FOLDER/bed    configuration, data, logs: the same path inside and outside of root
#   FOLDER/pg     the data of a PostgreSQL server of the machine's own packages
# shellcheck shell=bash
export LC_ALL=C.UTF-8

say() { printf '%s\n' "$*" >&2; }
die() {
  say "error: $1"
  say "  what to do: $2"
  exit 1
}

[ "$(id -u)" -eq 0 ] || die "a root folder with packages of its own needs root" "run this as root"
folder=${1:?a folder is needed, such as data/odoo}
shift
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
root=$folder/root
bed=$folder/bed
pg=$folder/pg
pg_port=${ODOO_PG_PORT:-5419}
db_password=odoo-db-secret

# The newest server that the machine has.
shopt -s nullglob
servers=(/usr/lib/postgresql/*/bin)
shopt -u nullglob
pg_bin=
if [ "${#servers[@]}" -gt 0 ]; then
  pg_bin=$(printf '%s\n' "${servers[@]}" | sort -V | tail -n 1)
fi

as_postgres() { (cd / && setpriv --reuid=postgres --regid=postgres --clear-groups -- "$@"); }

bind() { # SOURCE TARGET [rbind]
  mountpoint -q "$2" || mount "--${3:-bind}" "$1" "$2"
}

mount_root() {
  mkdir -p "$bed" "$root$bed"
  mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
  if ! mountpoint -q "$root/dev"; then
    mount --rbind /dev "$root/dev"
    mount --make-rslave "$root/dev"
  fi
  bind "$bed" "$root$bed"
}

in_root() { # USER COMMAND…
  local user=$1
  shift
  chroot --userspec="$user:$user" "$root" env HOME=/var/lib/odoo LANG=C.UTF-8 LC_ALL=C.UTF-8 "$@"
}

pg_running() { [ -e "$pg/postmaster.pid" ] && as_postgres "$pg_bin/pg_ctl" -D "$pg" status >/dev/null 2>&1; }
psql_odoo() { PGPASSWORD=$db_password psql -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$pg_port" -U odoo "$@"; }

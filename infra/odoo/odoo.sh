#!/usr/bin/env bash
# Controls the Odoo that up.sh set up, as a site's own service commands would.
# usage: odoo.sh FOLDER fresh NAME       NAME (prod, staging) gets a new copy of the demo database and its filestore
#        odoo.sh FOLDER start|stop|status NAME
#        odoo.sh FOLDER run ARGUMENT…    Odoo's own command line
set -euo pipefail
# shellcheck source=infra/odoo/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
action=${1:?start, stop, status, fresh or run}
shift

pid_of() { # NAME: of the running server's first process
  local pid
  pid=$(cat "$bed/run/$1.pid" 2>/dev/null) && [ -d "/proc/$pid" ] && grep -qa "$1.conf" "/proc/$pid/cmdline" && echo "$pid"
}

port_of() { sed -n "s/^$2 = //p" "$bed/$1.conf"; }

listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

start() {
  mount_root
  pid_of "$1" >/dev/null && return
  (cd / && setsid chroot --userspec=odoo:odoo "$root" env HOME=/var/lib/odoo LANG=C.UTF-8 LC_ALL=C.UTF-8 \
    /usr/bin/odoo server -c "$bed/$1.conf" </dev/null >>"$bed/log/$1.out" 2>&1 &)
  local _
  for _ in $(seq 100); do
    pid_of "$1" >/dev/null && return
    sleep .1
  done
  die "Odoo '$1' did not start" "read $bed/log/$1.log and $bed/log/$1.out"
}

stop() {
  local pid _
  if pid=$(pid_of "$1"); then
    kill -TERM "$pid"
    for _ in $(seq 200); do
      [ -d "/proc/$pid" ] || break
      sleep .1
    done
    if [ -d "/proc/$pid" ]; then
      pkill -KILL -f -- "-c $bed/$1.conf" || true
    fi
  fi
  # The children of a master that was killed hold the ports a little longer.
  for _ in $(seq 100); do
    listening "$(port_of "$1" http_port)" || break
    sleep .1
  done
  rm -f "$bed/run/$1.pid"
}

fresh() {
  mount_root
  stop "$1"
  psql_odoo -d postgres -c "DROP DATABASE IF EXISTS \"odoo_$1\"" -c "CREATE DATABASE \"odoo_$1\" TEMPLATE odoo_seed"
  rm -rf "$bed/data/filestore/odoo_$1"
  cp -a "$bed/data/filestore/odoo_seed" "$bed/data/filestore/odoo_$1"
  : >"$bed/log/$1.log"
  chroot "$root" chown odoo:odoo "$bed/log/$1.log"
}

case $action in
  start | stop | fresh) "$action" "${1:?the name of an instance: prod or staging}" ;;
  status) pid_of "${1:?the name of an instance: prod or staging}" >/dev/null ;;
  run)
    mount_root
    in_root odoo /usr/bin/odoo "$@"
    ;;
  *) die "'$action' is not known" "start, stop, status, fresh or run" ;;
esac

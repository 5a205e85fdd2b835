# Sourced by the measurements beside it: options, a PostgreSQL server of its own, the data, and Lifeboat configured for it.
# Sets work, lifeboat_dir, filestore, bin.
# shellcheck shell=bash

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
home=$(cd "$here/../.." && pwd)

files=40000
mb=4096
db_rows=820000
rounds=1
port=54399
work=

usage() {
  cat <<USAGE
usage: infra/bench/$(basename "$0") WORK [--files N] [--mb M] [--db-rows R] [--rounds K] [--port P]
  WORK       a folder for data and results; what was made there for the same sizes is used again
  --files    files in the filestore                            ($files)
  --mb       MiB in the filestore, 60% of them incompressible  ($mb)
  --db-rows  rows of mail_message, about 1 kB each             ($db_rows: about 780 MB)
  --rounds   rounds to measure; every second one in the other order ($rounds)
  --port     of the PostgreSQL server that is started          ($port)
USAGE
}

say() { printf '%s\n' "$*" >&2; }
die() {
  say "error: $1"
  say "  what to do: $2"
  exit 1
}

while [ $# -gt 0 ]; do
  case "$1" in
    -h | --help)
      usage
      exit 0
      ;;
    --files | --mb | --db-rows | --rounds | --port)
      if ! [[ "${2:-}" =~ ^[1-9][0-9]*$ ]]; then
        usage >&2
        exit 2
      fi
      declare "$(tr - _ <<<"${1#--}")=$2"
      shift 2
      ;;
    -*)
      usage >&2
      exit 2
      ;;
    *)
      work=$1
      shift
      ;;
  esac
done
if [ -z "$work" ]; then
  usage >&2
  exit 2
fi

for tool in tar zstd sha256sum jq; do
  command -v "$tool" >/dev/null || die "$tool is missing" "install it with this system's package manager"
done
java=
on_path=$(readlink -f "$(command -v java || echo /nowhere)")
for candidate in "${JAVA_HOME:-}" "${on_path%/bin/java}" /usr/lib/jvm/*; do
  if [ -z "$java" ] && [ -x "$candidate/bin/java" ] && grep -Eqs '^JAVA_VERSION="(2[5-9]|[3-9][0-9])' "$candidate/release"; then
    java=$candidate/bin/java
  fi
done
[ -n "$java" ] || die "no JDK 25 was found" "install one or set JAVA_HOME"
shopt -s nullglob
servers=(/usr/lib/postgresql/*/bin /usr/pgsql-*/bin)
shopt -u nullglob
if [ "${#servers[@]}" -gt 0 ]; then
  bin=$(printf '%s\n' "${servers[@]}" | sort -V | tail -n 1)
elif command -v initdb >/dev/null; then
  bin=$(dirname "$(readlink -f "$(command -v initdb)")")
else
  die "there is no PostgreSQL server" "install the distribution's server package"
fi

mkdir -p "$work"
work=$(cd "$work" && pwd)
lifeboat_dir=$work/lifeboat
filestore=$work/odoo/filestore/bench
sizes="files=$files mb=$mb db_rows=$db_rows"

# PostgreSQL refuses to run as root.
unprivileged=()
if [ "$(id -u)" -eq 0 ]; then
  id postgres >/dev/null 2>&1 || die "there is no user postgres" "install the distribution's server package"
  unprivileged=(setpriv --reuid=postgres --regid=postgres --clear-groups --)
fi
as_server() { (cd / && "${unprivileged[@]}" "$@"); }

stop_all() {
  if [ -n "${sampler:-}" ]; then
    kill "$sampler" 2>/dev/null || true
  fi
  if [ -e "$work/pg/postmaster.pid" ]; then
    as_server "$bin/pg_ctl" -D "$work/pg" -s -w -m fast stop || say "the server in $work/pg was not stopped"
  fi
}
trap stop_all EXIT
trap 'exit 130' INT TERM

export PGHOST=127.0.0.1 PGPORT=$port PGUSER=odoo PGDATABASE=bench PGPASSFILE=$work/pgpass

start_server() {
  as_server "$bin/pg_ctl" -D "$work/pg" -s -w -l "$work/pg/server.log" -o "-p $port" start >/dev/null ||
    die "the PostgreSQL server did not start" "read $work/pg/server.log; is port $port free (--port)? Can user postgres reach $work?"
}

make_server() {
  local password
  password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
  (umask 077 && printf '127.0.0.1:*:*:odoo:%s\n' "$password" >"$PGPASSFILE")
  install -d -m 700 "$work/pg"
  (umask 077 && printf '%s\n' "$password" >"$work/pg.password")
  if [ "$(id -u)" -eq 0 ]; then
    chown postgres: "$work/pg" "$work/pg.password"
  fi
  as_server "$bin/initdb" -D "$work/pg" -U odoo -E UTF8 --locale=C.UTF-8 -A scram-sha-256 \
    --pwfile="$work/pg.password" >/dev/null ||
    die "initdb failed" "user postgres must be able to reach $work"
  rm -f "$work/pg.password"
  printf "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nmax_wal_size = 4GB\n" |
    as_server tee -a "$work/pg/postgresql.conf" >/dev/null
  (umask 077 && printf '[options]\ndb_host = 127.0.0.1\ndb_port = %d\ndb_user = odoo\ndb_password = %s\ndb_name = bench\ndata_dir = %s\n' \
    "$port" "$password" "$work/odoo" >"$work/odoo.conf")
}

make_data() {
  say "making $mb MiB in $files files, and a database of $db_rows rows (once) ..."
  "$java" "$here/MakeFilestore.java" "$filestore" "$files" "$((mb * 1024 * 1024))" "$work/files.csv"
  psql -X -q -d postgres -c "CREATE DATABASE bench TEMPLATE template0"
  psql -X -q -v ON_ERROR_STOP=1 -f "$home/src/main/resources/sample/odoo.sql" >/dev/null
  psql -X -q -v ON_ERROR_STOP=1 <<SQL
CREATE TEMPORARY TABLE made (store_fname varchar, checksum varchar, file_size integer);
\copy made FROM '$work/files.csv' (FORMAT csv)
INSERT INTO ir_attachment (name, type, store_fname, checksum, file_size, mimetype)
SELECT 'file', 'binary', store_fname, checksum, file_size, 'application/octet-stream' FROM made;
INSERT INTO mail_message (subject, date, body, model, res_id, message_type, message_id)
SELECT 'Message ' || n, timestamp '2025-01-01' + n * interval '1 second',
       '<p>' || (SELECT string_agg(md5((n * 20 + k)::text) || ' the order of the customer ', '') FROM generate_series(1, 12) AS k) || '</p>',
       'sale.order', n % 5000, 'email', '<' || md5(n::text) || '@example.com>'
FROM generate_series(1, $db_rows) AS n;
VACUUM ANALYZE;
CHECKPOINT;
SQL
}

configure() {
  mkdir -p "$lifeboat_dir/config"
  printf 'lifeboat:\n  pg-bin: "%s"\n  projects:\n    bench:\n      environments:\n        bench: {type: staging, odoo-conf: "%s"}\n' \
    "$bin" "$work/odoo.conf" >"$lifeboat_dir/config/application.yaml"
}

seconds() { # BEGIN END, as $EPOCHREALTIME tells them
  awk -v b="$1" -v e="$2" 'BEGIN { printf "%.1f", e - b }'
}

sum() { awk -v a="$1" -v b="$2" 'BEGIN { print a + b }'; }

tree_of() { # PID…: they and all their descendants
  cat /proc/[0-9]*/status 2>/dev/null | awk -v roots="$*" '
    /^Pid:/ { pid = $2 }
    /^PPid:/ { parent[pid] = $2 }
    END {
      n = split(roots, root, " ")
      for (i = 1; i <= n; i++) in_tree[root[i]] = 1
      do {
        grown = 0
        for (p in parent) if (!(p in in_tree) && (parent[p] in in_tree)) { in_tree[p] = 1; grown = 1 }
      } while (grown)
      for (p in in_tree) print p
    }'
}

sample() { # PID FILE: every second the peaks so far: of the tree (Pss), of the tree with the state server (Pss), of the JVM (VmHWM); KiB
  local pid=$1 peak=0 peak_all=0 jvm=0 state now
  pss() {
    local p
    for p in $(tree_of "$@"); do cat "/proc/$p/smaps_rollup" 2>/dev/null || true; done | awk '/^Pss:/ { s += $2 } END { print s + 0 }'
  }
  while [ -d "/proc/$pid" ]; do
    now=$(pss "$pid")
    if [ "$now" -gt "$peak" ]; then peak=$now; fi
    state=$(head -n 1 "$lifeboat_dir/data/state/data/postmaster.pid" 2>/dev/null || true)
    now=$(pss "$pid" ${state:+"$state"})
    if [ "$now" -gt "$peak_all" ]; then peak_all=$now; fi
    now=$(awk '/^VmHWM:/ { print $2 }' "/proc/$pid/status" 2>/dev/null || true)
    if [ "${now:-0}" -gt "$jvm" ]; then jvm=$now; fi
    printf '%s %s %s\n' "$peak" "$peak_all" "$jvm" >"$2.new"
    mv "$2.new" "$2"
    sleep 1
  done
}

# shellcheck disable=SC2034 # who sources this reads them
backup() { # [OPTION…]: sets backup_s, archive_s, artifact, and memory unless memory_unwatched is set
  local begin pid exit_code=0 pss pss_all jvm
  sync
  begin=$EPOCHREALTIME
  (cd "$lifeboat_dir" && exec "$home/lifeboat" backup bench --json "$@") >"$work/backup.json" 2>"$work/backup.log" &
  pid=$!
  if [ -z "${memory_unwatched:-}" ]; then
    sample "$pid" "$work/peak" &
    sampler=$!
  fi
  wait "$pid" || exit_code=$?
  backup_s=$(seconds "$begin" "$EPOCHREALTIME")
  if [ -n "${sampler:-}" ]; then
    wait "$sampler" || true
    sampler=
  fi
  if [ "$exit_code" -ne 0 ]; then
    cat "$work/backup.log" >&2
    die "the backup ended with exit code $exit_code" "read $work/backup.log and $lifeboat_dir/data/logs/lifeboat.log"
  fi
  if [ -z "${memory_unwatched:-}" ]; then
    read -r pss pss_all jvm <"$work/peak"
    memory="$((pss / 1024)) MiB with its children (Pss), $((pss_all / 1024)) MiB with its state server too, $((jvm / 1024)) MiB the JVM alone (VmHWM)"
  fi
  artifact=$(jq -r .artifact_id "$work/backup.json")
  archive_s=$(jq -r '[.steps[] | select(.name == "archive-filestore")][0].seconds' "$work/backup.json")
}

mib() { awk -v b="$1" 'BEGIN { printf "%.0f", b / 1048576 }'; }

if [ -e "$work/made" ] && [ "$(cat "$work/made")" != "$sizes" ]; then
  die "$work holds data of other sizes ($(cat "$work/made"))" "name another folder, or remove that one"
fi
if [ ! -e "$work/made" ]; then
  if [ -n "$(ls -A "$work")" ]; then
    die "$work is not empty and was not finished by this program" "name another folder, or remove that one"
  fi
  make_server
  start_server
  make_data
  printf '%s\n' "$sizes" >"$work/made"
else
  sed -i "s/^db_port = .*/db_port = $port/" "$work/odoo.conf"
  start_server
fi
configure

# Both ways find the program built, the state made and the files in the page cache, as far as they fit.
(cd "$lifeboat_dir" && "$home/lifeboat" env list >/dev/null)
find "$filestore" -type f -exec cat {} + >/dev/null
"$bin/pg_dump" -Fc -Z0 >/dev/null


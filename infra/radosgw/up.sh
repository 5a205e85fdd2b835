#!/usr/bin/env bash
# Starts one node of Ceph with its S3 gateway on loopback, for tests: Object Lock, quotas and policies are enforced there.
# usage: up.sh FOLDER     what it needs is installed (Debian, as root); a second call with a running node does nothing
# After it: http://127.0.0.1:7480, access key lifeboat-test, secret key canary-rgw-77e1; ends with down.sh FOLDER.
set -euo pipefail

folder=${1:?usage: up.sh FOLDER}
ip=127.0.0.1
port=7480
access_key=lifeboat-test
secret_key=canary-rgw-77e1

need=()
for package in ceph-mon ceph-osd radosgw ceph-common curl; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || need+=("$package")
done
if [ ${#need[@]} -gt 0 ]; then
  apt-get -qq update
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${need[@]}" >/dev/null
fi

answers() { curl -s -o /dev/null --max-time 2 "http://$ip:$port/"; }
if answers; then
  exit 0
fi

mkdir -p "$folder"/{mon,osd,rgw,run,log}
folder=$(cd "$folder" && pwd)
exec 3>&2
trap 'echo "error: Ceph was not started (line $LINENO); the end of its log:" >&3; tail -n 20 "$folder"/log/up.log >&3' ERR
export CEPH_CONF=$folder/ceph.conf
fsid=$(cat /proc/sys/kernel/random/uuid)
cat > "$CEPH_CONF" <<EOF
[global]
fsid = $fsid
mon host = v1:$ip:9001
mon initial members = a
auth cluster required = none
auth service required = none
auth client required = none
auth allow insecure global id reclaim = false
ms bind msgr2 = false
ms bind port min = 7481
ms bind port max = 7499
public addr = $ip
cluster addr = $ip
public network = $ip/32
run dir = $folder/run
admin socket = $folder/run/\$name.asok
pid file = $folder/run/\$name.pid
log file = $folder/log/\$name.log
crash dir = $folder/log
heartbeat file = $folder/run/\$name.hb
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon warn on pool no redundancy = false
mon allow pool size one = true
mon max pg per osd = 2000
mon data avail warn = 2
mon data avail crit = 1
[mon]
mon data = $folder/mon
[osd]
osd data = $folder/osd
osd objectstore = memstore
memstore device bytes = $((4 << 30))
osd class update on start = true
osd class default list = *
osd class load list = *
[client]
rgw frontends = beast endpoint=$ip:$port
rgw data = $folder/rgw
EOF

monmaptool --create --addv a "[v1:$ip:9001]" --fsid "$fsid" "$folder/monmap" >/dev/null
{
  ceph-mon -i a --mkfs --monmap "$folder/monmap" --keyring /dev/null
  ceph-mon -i a
  uuid=$(cat /proc/sys/kernel/random/uuid)
  ceph osd new "$uuid" 0
  ceph-osd -i 0 --mkfs --osd-uuid "$uuid"
  # Where it asks the monitor before it has been told the cluster's name, it is refused ("wrong fsid") and ends.
  for ((try = 1; ; try++)); do
    ceph-osd -i 0 && break
    ((try < 10))
    sleep .5
  done
} >> "$folder/log/up.log" 2>&1
for _ in $(seq 120); do
  ceph osd stat 2>/dev/null | grep -q '1 up' && break
  sleep .5
done
radosgw -n client.rgw.a >> "$folder/log/up.log" 2>&1
for _ in $(seq 240); do
  answers && break
  sleep .5
done
answers || { echo "the gateway does not answer; see $folder/log" >&2; exit 1; }
radosgw-admin user create --uid=lifeboat --display-name=lifeboat --access-key="$access_key" --secret-key="$secret_key" >/dev/null
# A user whose quota is soon reached.
{
  radosgw-admin user create --uid=small --display-name=small --access-key=lifeboat-small --secret-key="$secret_key"
  radosgw-admin quota set --quota-scope=user --uid=small --max-size=1M
  radosgw-admin quota enable --quota-scope=user --uid=small
} >/dev/null

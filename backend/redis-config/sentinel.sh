#!/bin/sh
# sentinel.sh [HOST [PORT]]: a Sentinel that begins with the master there. What it has learnt stays in
# its file, which is made at the first start. REDIS_TLS: as for redis.sh.
#
# When the vote for who makes another master is split, the next one is twice the failover-timeout later.
set -eu
umask 077
data=${REDIS_DATA:-/data} secrets=${SECRETS_DIR:-/run/secrets}
config=$data/sentinel.conf
own=$(cat "$secrets/redis_sentinel_password")

place="port ${SENTINEL_PORT:-26379}"
if [ -n "${REDIS_TLS:-}" ]; then . "$(dirname "$0")/tls.sh"; fi
[ -s "$config" ] || cat > "$config" <<END
$place
dir "$data"
requirepass "$own"
sentinel sentinel-pass "$own"
sentinel resolve-hostnames yes
sentinel announce-hostnames yes
sentinel monitor a6hub ${1:-redis} ${2:-6379} 2
sentinel auth-pass a6hub "$(cat "$secrets/redis_password")"
sentinel down-after-milliseconds a6hub 2000
sentinel failover-timeout a6hub 10000
END
exec redis-server "$config" --sentinel

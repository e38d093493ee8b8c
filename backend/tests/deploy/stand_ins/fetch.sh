#!/bin/bash
# curl and wget of the health checks: the last word is an address, at which all has to be well.
# MinIO's health page is one that no other server has, so there any answer of a server will do.
set -eu
IFS=/ read -r _ _ host path <<< "${!#}"
exec 3<> "/dev/tcp/${host%:*}/${host#*:}"
printf 'GET /%s HTTP/1.0\r\n\r\n' "$path" >&3
read -r _ status _ <&3
[[ $status == 2* || $path == minio/* ]]

# Sourced: makes of `port N` in $place what has N speak TLS alone, to others of the cluster too. A
# client's certificate is looked at if it shows one; the password is what is asked for.
place="port 0
tls-$place
tls-ca-cert-file $REDIS_TLS/ca.crt
tls-cert-file $REDIS_TLS/redis.crt
tls-key-file $REDIS_TLS/redis.key
tls-auth-clients optional
tls-replication yes"

#!/bin/sh
# Puts a given certificate and its key in place if they belong together. $1 configuration directory; standard input: the
# key, a line "===", the certificate.
set -eu
cd "$1"
umask 077
cat >hybridops-server.both
sed '/^===$/,$d' hybridops-server.both >hybridops-server.key.new
sed '1,/^===$/d' hybridops-server.both >hybridops-server.crt.new
rm -f hybridops-server.both
if [ "$(openssl pkey -in hybridops-server.key.new -pubout 2>/dev/null)" != "$(openssl x509 -in hybridops-server.crt.new -noout -pubkey 2>/dev/null)" ]; then
    rm -f hybridops-server.key.new hybridops-server.crt.new
    echo 'the key is not that of the certificate' >&2
    exit 65
fi
chown postgres:postgres hybridops-server.key.new hybridops-server.crt.new
chmod 0644 hybridops-server.crt.new
mv -f hybridops-server.key.new hybridops-server.key
mv -f hybridops-server.crt.new hybridops-server.crt

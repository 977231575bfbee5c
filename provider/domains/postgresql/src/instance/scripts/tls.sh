#!/bin/sh
# Makes a certificate for the server, signed by the machine's own authority, which is made where there is none. Its key
# never leaves the machine. $1 configuration directory, $2 days, $3 names and addresses as `DNS:a,IP:b`.
set -eu
cd "$1"
umask 077
if [ ! -s hybridops-ca.key ] || [ ! -s hybridops-ca.crt ]; then
    openssl ecparam -name prime256v1 -genkey -noout -out hybridops-ca.key.new
    openssl req -x509 -new -key hybridops-ca.key.new -sha256 -days 7300 -subj "/CN=PostgreSQL of $(hostname)" \
        -addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign \
        -out hybridops-ca.crt.new
    mv -f hybridops-ca.key.new hybridops-ca.key
    mv -f hybridops-ca.crt.new hybridops-ca.crt
    chmod 0644 hybridops-ca.crt
fi
openssl ecparam -name prime256v1 -genkey -noout -out hybridops-server.key.new
openssl req -new -key hybridops-server.key.new -subj "/CN=$(hostname)" -out hybridops-server.csr
printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=%s\n' "$3" \
    >hybridops-server.ext
openssl x509 -req -in hybridops-server.csr -CA hybridops-ca.crt -CAkey hybridops-ca.key \
    -set_serial "0x$(openssl rand -hex 16 | sed 's/^./1/')" -sha256 -days "$2" -extfile hybridops-server.ext -out hybridops-server.crt.new
rm -f hybridops-server.csr hybridops-server.ext
chown postgres:postgres hybridops-server.key.new hybridops-server.crt.new
chmod 0644 hybridops-server.crt.new
mv -f hybridops-server.key.new hybridops-server.key
mv -f hybridops-server.crt.new hybridops-server.crt

#!/bin/sh
# Notes which certificate the server has loaded. $1 configuration directory.
set -eu
cd "$1"
[ -f hybridops-server.crt ] || exit 0
openssl x509 -in hybridops-server.crt -noout -fingerprint -sha256 | sed 's/.*=//' >hybridops-server.loaded.new
mv -f hybridops-server.loaded.new hybridops-server.loaded

//! Serves a go-plugin plugin: handshake, mutual TLS, listener, services, process life.

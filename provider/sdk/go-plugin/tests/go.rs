//! Go's own TLS against ours: certificate, handshake and one call, made by Go's standard library alone.
#![cfg(unix)]
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod support;

use std::process::Stdio;

use support::{Plugin, double, within};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::Command;

/// Writes its certificate as PEM, ended by an empty line; reads the plugin's handshake line; connects under the TLS
/// version it is told; asks for `Shutdown`; writes the status.
const HOST: &str = r#"
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

func must(err error) {
	if err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}

func main() {
	key, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	must(err)
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		Subject:               pkix.Name{CommonName: "localhost", Organization: []string{"Tests"}},
		DNSNames:              []string{"localhost"},
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		NotBefore:             time.Now().Add(-time.Minute),
		NotAfter:              time.Now().Add(30 * 365 * 24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(err)
	must(pem.Encode(os.Stdout, &pem.Block{Type: "CERTIFICATE", Bytes: der}))
	fmt.Println()

	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	must(err)
	fields := strings.Split(strings.TrimSpace(line), "|")
	server, err := base64.RawStdEncoding.DecodeString(fields[5])
	must(err)
	certificate, err := x509.ParseCertificate(server)
	must(err)
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	config := &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		RootCAs:      roots,
		ServerName:   "localhost",
		NextProtos:   []string{"h2"},
	}
	if os.Args[1] == "1.2" {
		config.MaxVersion = tls.VersionTLS12
	}
	transport := &http.Transport{
		ForceAttemptHTTP2: true,
		DialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			raw, err := net.Dial(fields[2], fields[3])
			if err != nil {
				return nil, err
			}
			conn := tls.Client(raw, config)
			return conn, conn.HandshakeContext(ctx)
		},
	}
	request, err := http.NewRequest("POST", "https://localhost/plugin.GRPCController/Shutdown", bytes.NewReader(make([]byte, 5)))
	must(err)
	request.Header.Set("Content-Type", "application/grpc")
	request.Header.Set("TE", "trailers")
	response, err := transport.RoundTrip(request)
	must(err)
	body, err := io.ReadAll(response.Body)
	must(err)
	fmt.Println("status", response.Trailer.Get("Grpc-Status"), len(body), response.TLS != nil)
}
"#;

#[tokio::test]
async fn go_connects() {
    if std::process::Command::new("go").arg("version").stdout(Stdio::null()).status().is_err() {
        println!("SKIPPED: no `go` on PATH, Go's TLS was not tried");
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("host.go"), HOST).expect("written");
    let binary = directory.path().join("host");
    let mut build = Command::new("go");
    build
        .current_dir(&directory)
        .args(["build", "-o"])
        .arg(&binary)
        .arg("host.go")
        .env("GOFLAGS", "-mod=mod");
    assert!(build.status().await.expect("go runs").success());

    for version in ["1.3", "1.2"] {
        let mut host = Command::new(&binary);
        host.arg(version).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut host = host.spawn().expect("the host starts");
        let mut answers = BufReader::new(host.stdout.take().expect("piped"));
        let mut pem = String::new();
        while !pem.ends_with("\n\n") {
            assert!(within(answers.read_line(&mut pem)).await.expect("readable") > 0, "{pem}");
        }
        let mut command = double();
        command.env("PLUGIN_CLIENT_CERT", pem);
        let plugin = Plugin::start(command).await;
        let line = format!("{}\n", plugin.line);
        host.stdin.take().expect("piped").write_all(line.as_bytes()).await.expect("written");
        let mut answer = String::new();
        within(answers.read_to_string(&mut answer)).await.expect("text");
        // The frame's five bytes of an empty message come back, under status 0.
        let told = answer.starts_with("status 0 5");
        assert!(told, "TLS {version}: {answer}");
        plugin.ended_as("Shutdown").await;
    }
}

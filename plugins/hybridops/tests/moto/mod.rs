//! The S3 server of the tests: moto, one request at a time.
//!
//! S3 looks whether an object is there and creates it in one step. moto looks first and creates then, in as many threads as
//! there are requests, so that two could both be first; with one thread it keeps the promise.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const ONE_THREAD: &str = "
import sys, werkzeug.serving, moto.server
run = werkzeug.serving.run_simple
moto.server.run_simple = lambda *args, **named: run(*args, **{**named, 'threaded': False})
moto.server.main(['-H', '127.0.0.1', '-p', sys.argv[1]])
";

/// A server that ends with the test.
pub(crate) struct Moto {
    child: Child,
    address: String,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Moto {
    /// Starts one with a bucket; `None` where it is not installed, which is said aloud.
    pub(crate) fn start(bucket: &str) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new("python3")
            .args(["-c", ONE_THREAD, &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = child else {
            eprintln!("SKIPPED: python3 is not installed, nothing is decided on S3");
            return None;
        };
        let mut moto = Self { child, address: format!("127.0.0.1:{port}") };
        for _ in 0..300 {
            if moto.child.try_wait().unwrap().is_some() {
                eprintln!("SKIPPED: moto is not installed, nothing is decided on S3");
                return None;
            }
            if moto.make(bucket).is_some_and(|answer| answer.split(' ').nth(1) == Some("200")) {
                return Some(moto);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("moto_server did not start");
    }

    fn make(&self, bucket: &str) -> Option<String> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        let request = format!(
            "PUT /{bucket} HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            self.address
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    /// What the tools of S3 take from the environment.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        [
            ("AWS_ACCESS_KEY_ID", "id"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ENDPOINT", &format!("http://{}", self.address)),
            ("AWS_ALLOW_HTTP", "true"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }
}

//! Transfers to and from a small server on this host.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;

use super::*;

const LIMITS: Limits = Limits {
    octets: 1000,
    time: Duration::from_secs(5),
};

/// Starts a server that answers one request and returns what was requested.
fn server(answer: &'static str) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut asked = String::new();
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if let Some(number) = line.to_lowercase().strip_prefix("content-length:") {
                length = number.trim().parse().unwrap();
            }
            asked += &line;
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        asked += &String::from_utf8(body).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
        asked
    });
    (address, thread)
}

#[test]
fn a_get_reads_and_a_put_writes() {
    let (address, asked) =
        server("HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\none");
    let url = format!("http://ann:open@{address}/a/b");
    assert_eq!(fetch(&url, LIMITS).unwrap(), b"one");
    let asked = asked.join().unwrap().to_lowercase();
    assert!(asked.starts_with("get /a/b http/1.1\r\n"), "{asked}");
    // ann:open
    assert!(
        asked.contains("authorization: basic yw5uom9wzw4="),
        "{asked}"
    );
    let (address, asked) = server("HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n");
    store(&format!("http://{address}/c"), b"two", LIMITS).unwrap();
    let asked = asked.join().unwrap();
    assert!(
        asked.starts_with("PUT /c ") && asked.ends_with("two"),
        "{asked}"
    );
}

#[test]
fn what_is_too_long_too_slow_or_refused_is_told() {
    let (address, _) = server("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
    let error = fetch(&format!("http://{address}/"), LIMITS).unwrap_err();
    assert_eq!(error.to_string(), "the server answers 404: not found");
    let long = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n0123456789";
    let (address, _) = server(long);
    let limits = Limits {
        octets: 5,
        ..LIMITS
    };
    let error = fetch(&format!("http://{address}/"), limits).unwrap_err();
    assert!(matches!(error, Error::TooLong(5)), "{error:?}");
    // A server that accepts connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let limits = Limits {
        time: Duration::from_millis(200),
        ..LIMITS
    };
    let error = fetch(&url, limits).unwrap_err();
    assert!(matches!(error, Error::TooSlow(_)), "{error:?}");
}

#[test]
fn what_is_no_url_of_these_is_told() {
    for (url, why) in [
        ("ftp://a/b", "http, https and sftp are possible"),
        ("http:///b", "the host is missing"),
        ("http://a/b c", "a blank cannot stand in a URL"),
        (
            "sftp://a:b@c/d",
            "sftp takes a key, not a password: sftp://USER@HOST/PATH",
        ),
        ("sftp://a@c", "the path is missing"),
        ("sftp://-oProxyCommand=x/y", "the host is missing"),
        ("sftp://-oProxyCommand=x@h/y", "the host is missing"),
    ] {
        assert_eq!(fetch(url, LIMITS).unwrap_err().to_string(), why, "{url}");
    }
    assert!(is_url("sftp://a/b") && !is_url("/a/b") && !is_url("a b://c"));
    assert_eq!(shown("https://ann:open@a:1/b"), "https://a:1/b");
}

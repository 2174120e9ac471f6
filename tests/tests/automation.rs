//! What scripts rely on: exit codes, JSON, places of errors, loading from and saving to anywhere, the archive.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};

use flow_tests::flowd::Said;
use flow_tests::{Flowd, Namespace, bins, skip, until, wait::SOON};
use serde_json::{Value as Json, json};

const TOOLS: &[&str] = &["ip"];

/// `flowsh` with arguments and standard input.
fn flowsh(flowd: &Flowd, namespace: &Namespace, arguments: &[&str], input: &str) -> Said {
    let mut command = skip::command("ip");
    command.args([
        "netns",
        "exec",
        namespace.name(),
        &bins::program("flowsh"),
        "--socket",
    ]);
    command.arg(flowd.socket()).args(arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut shell = command.spawn().expect("flowsh runs");
    let mut stdin = shell.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    shell.wait_with_output().unwrap().into()
}

/// An HTTP server of a namespace that answers each request with `text` and tells what was asked.
fn http_server(namespace: &Namespace, text: &'static str) -> (String, Receiver<String>) {
    let listener = namespace.enter(|| TcpListener::bind("127.0.0.1:0").unwrap());
    let url = format!("http://ann:open-sesame@{}", listener.local_addr().unwrap());
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut asked, mut length) = (String::new(), 0);
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
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                text.len()
            );
            stream.write_all((head + text).as_bytes()).unwrap();
            if sender.send(asked).is_err() {
                return;
            }
        }
    });
    (url, receiver)
}

#[test]
fn scripts_get_codes_json_and_places() {
    if !skip::able("scripts", TOOLS) {
        return;
    }
    let namespace = Namespace::new("automation");
    let flowd = Flowd::start(&namespace);
    let run = |arguments: &[&str], input: &str| flowsh(&flowd, &namespace, arguments, input);

    let said = run(
        &[
            "-c",
            "show version",
            "-c",
            "configure",
            "-c",
            "commit check",
        ],
        "",
    );
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    assert_eq!(run(&["-c", "show nonsense"], "").code, 1);
    assert_eq!(run(&["--nonsense"], "").code, 2);
    assert_eq!(
        run(&["--socket", "/nowhere", "-c", "show version"], "").code,
        2,
        "twice"
    );

    // Each command is a line; what fails is one on standard error, and ends it.
    let said = run(
        &[
            "--json",
            "-c",
            "show version",
            "-c",
            "configure",
            "-c",
            "set flow sampler S rate 10",
            "-c",
            "set flow sampler S rate 0",
            "-c",
            "exit",
        ],
        "",
    );
    assert_eq!(said.code, 1);
    let lines: Vec<Json> = said
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3, "{}", said.out);
    assert_eq!(
        (&lines[0]["program"], &lines[1], &lines[2]),
        (&json!("flowd"), &json!({}), &json!({}))
    );
    let mut errors = said
        .err
        .lines()
        .map(|line| serde_json::from_str::<Json>(line).unwrap());
    let error = &errors.next().unwrap()["errors"][0];
    assert_eq!(
        (&error["line"], &error["column"], &error["length"]),
        (&json!(1), &json!(25), &json!(1)),
        "{error}"
    );
    assert!(
        error["message"].as_str().unwrap().contains("out of range"),
        "{error}"
    );
    assert!(errors.next().unwrap()["warning"].is_string());
    let said = run(&["--json", "-c", "monitor flow-accounting"], "");
    assert!(
        said.code == 1 && said.err.contains("has no JSON"),
        "{said:?}"
    );

    // A finding has its path.
    let said = run(
        &[
            "--json",
            "-c",
            "configure",
            "-c",
            "set flow monitor M record none",
            "-c",
            "commit",
        ],
        "",
    );
    let error: Json = serde_json::from_str(said.err.lines().next().unwrap()).unwrap();
    assert_eq!(error["errors"][0]["path"][2], "M", "{error}");

    // Of a file: its name, line and column, also where no word is to blame.
    let script = flowd.file(
        "script",
        "configure\nset flow sampler S rate 10\n\nset flow smapler T\n",
    );
    let said = run(&["-f", &script], "");
    assert!(
        said.code == 1 && said.err.contains(&format!("{script}:4:10: ")),
        "{said:?}"
    );
    let said = run(&["-f", "-"], "confirm\n");
    assert!(said.err.contains("standard input:1:1: "), "{said:?}");
    let said = run(&["--json", "-f", &script], "");
    let error: Json = serde_json::from_str(said.err.lines().next().unwrap()).unwrap();
    let error = &error["errors"][0];
    assert_eq!(
        (&error["origin"], &error["line"], &error["column"]),
        (&json!(script), &json!(4), &json!(10)),
        "{error}"
    );

    // What can follow, for other shells.
    let said = run(&["--complete", "show flow mon"], "");
    assert_eq!(said.out, "monitor\tFlow monitors\n");
}

#[test]
fn loading_what_is_configured_makes_no_revision() {
    if !skip::able("idempotent load", TOOLS) {
        return;
    }
    let namespace = Namespace::new("idempotent");
    let flowd = Flowd::start(&namespace);
    let text = "\
system {
    login { user ann { authentication { plaintext-password \"open sesame\" } level operator } }
}
flow {
    exporter E { destination 192.0.2.1; }
    record R { match ipv4 protocol; collect counter bytes long; }
    monitor M { record R; exporter E; }
}
interfaces { ethernet lo { flow { monitor M { direction input } } } }
";
    let file = flowd.file("whole.conf", text);
    let load = format!("load override {file}");
    let revisions = || {
        flowd.get("/v1/revisions")["revisions"]
            .as_array()
            .unwrap()
            .len()
    };
    flowd.ok(&["configure", &load, "commit"]);
    assert_eq!(revisions(), 1);
    for form in ["", "commands", "ios", "json"] {
        let shown = flowd.file("shown", flowd.shown(form));
        for load in [
            &load,
            &format!("load override {shown}"),
            &format!("load merge {shown}"),
            &format!("load replace {shown}"),
        ] {
            let said = flowd.ok(&["configure", load, "commit"]);
            assert!(
                said.contains("No configuration changes"),
                "{form} {load}: {said}"
            );
        }
    }
    assert_eq!(revisions(), 1);
}

#[test]
fn configurations_come_from_and_go_to_anywhere() {
    if !skip::able("load and save", TOOLS) {
        return;
    }
    let namespace = Namespace::new("anywhere");
    let flowd = Flowd::start(&namespace);
    let run = |arguments: &[&str], input: &str| flowsh(&flowd, &namespace, arguments, input);
    let (url, asked) = http_server(
        &namespace,
        "set flow sampler S rate 10\nset flow sampler S rate 1\n",
    );
    let said = run(
        &["-c", "configure", "-c", &format!("load merge {url}/a")],
        "",
    );
    assert!(asked.recv().unwrap().starts_with("GET /a "));
    let place = url.replace("ann:open-sesame@", "");
    assert!(
        said.code == 1 && said.err.contains(&format!("{place}/a:2:25: ")),
        "{said:?}"
    );
    assert!(!said.err.contains("sesame"), "{said:?}");

    let (url, asked) = http_server(&namespace, "set flow sampler S rate 10\n");
    let saved = format!("save {url}/b");
    let said = run(
        &[
            "-c",
            "configure",
            "-c",
            &format!("load set {url}/a"),
            "-c",
            "commit",
            "-c",
            &saved,
        ],
        "",
    );
    assert!(said.code == 0 && !said.out.contains("sesame"), "{said:?}");
    assert!(asked.recv().unwrap().starts_with("GET /a "));
    let put = asked.recv().unwrap();
    assert!(
        put.starts_with("PUT /b ") && put.contains("rate 10"),
        "{put}"
    );

    let said = run(
        &["-c", "configure", "-c", "load merge -", "-c", "commit"],
        "set flow sampler T rate 20\n",
    );
    assert_eq!(said.code, 0, "{said:?}");
    assert!(flowd.shown("commands").contains("sampler T rate 20"));
    let path = flowd.file("saved", "");
    flowd.ok(&["configure", &format!("save {path}")]);
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    for (from, why) in [
        ("http://127.0.0.1:1/", "onnect"),
        ("ftp://127.0.0.1/x", "http, https and sftp are possible"),
        ("sftp://a:b@127.0.0.1/x", "takes a key, not a password"),
        ("sftp://127.0.0.1:1/x", "sftp: "),
    ] {
        let said = run(&["-c", "configure", "-c", &format!("load {from}")], "");
        assert!(said.code == 1 && said.err.contains(why), "{from}: {said:?}");
        assert!(said.err.contains("       ^^^^"), "{said:?}");
    }
}

#[test]
fn each_commit_is_archived_and_none_waits_for_it() {
    if !skip::able("archive", TOOLS) {
        return;
    }
    let namespace = Namespace::new("archive");
    let flowd = Flowd::start(&namespace);
    let dir = tempfile::tempdir().unwrap();
    let (url, asked) = http_server(&namespace, "");
    // Somebody who listens and never answers keeps nobody waiting.
    let silent = namespace.enter(|| TcpListener::bind("127.0.0.1:0").unwrap());
    let path = dir.path().display();
    flowd.configure(&format!(
        "set system config-management commit-archive location {path}\n\
         set system config-management commit-archive location {path}/none\n\
         set system config-management commit-archive location {url}/archive/\n\
         set system host-name r9\n\
         set system login user ann authentication plaintext-password very-secret"
    ));
    let report = until("the archive", SOON, || {
        let report = flowd.get("/v1/revisions")["archive"].clone();
        (report["written"] == 2 && report["failed"] == 1).then_some(report)
    });
    assert!(
        report["last_failure"].as_str().unwrap().contains("/none: "),
        "{report}"
    );
    let files: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    let [file] = &files[..] else {
        panic!("{files:?}")
    };
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(
        name.starts_with("config.boot-r9.20") && name.ends_with(".r0"),
        "{name}"
    );
    let text = std::fs::read_to_string(file).unwrap();
    assert!(
        text.contains("host-name r9") && !text.contains("secret") && !text.contains("sesame"),
        "{text}"
    );
    let put = asked.recv().unwrap();
    assert!(
        put.starts_with(&format!("PUT /archive/{name} ")) && put.ends_with(&text),
        "{put}"
    );
    let log = flowd.get("/v1/log?lines=1000").to_string();
    assert!(
        log.contains("is not copied to") && !log.contains("sesame"),
        "{log}"
    );

    let address = silent.local_addr().unwrap();
    flowd.configure(&format!(
        "delete system config-management commit-archive\n\
         set system config-management commit-archive location http://{address}/"
    ));
    flowd.configure("set flow sampler S rate 2");
    assert_eq!(
        flowd.get("/v1/revisions")["revisions"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

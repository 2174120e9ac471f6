//! The management API as its own description has it: who may ask what, and whether the answers are as described.
//!
//! `/v1/openapi.json` is made of the table that the router is made of, so a route that is added is tried here.

use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt as _;

use flow_tests::client::{ADMIN, Client, GROUP_FILE, OPERATOR, TOOLS, with_groups};
use flow_tests::{Flowd, Namespace, skip, until, wait::SOON};
use serde_json::{Value as Json, json};

const CONFIGURATION: &str = "\
set interfaces ethernet lo flow monitor M direction input
set interfaces ethernet lo flow monitor N direction input
set interfaces ethernet lo flow monitor N sampler S
set flow record R match ipv4 destination address
set flow record R match routing next-hop address ipv4
set flow record R collect counter packets long
set flow monitor M record netflow-original
set flow monitor M exporter E
set flow monitor M statistics packet protocol
set flow monitor M statistics packet size
set flow monitor N record R
set flow exporter E destination 127.0.0.1
set flow exporter E export-protocol ipfix
set flow exporter E option interface-table
set flow sampler S mode random
set flow sampler S rate 2
set flow samplicator X port 2000
set flow samplicator X receiver C address 127.0.0.1
set flow samplicator X receiver C port 2001
set system flow-accounting interface lo
";

/// One operation of the description.
struct Operation {
    method: String,
    path: String,
    what: Json,
}

impl Operation {
    fn changes(&self) -> bool {
        self.what["x-role"] == "admin"
    }

    fn query(&self) -> impl Iterator<Item = &Json> {
        let parameters = self.what["parameters"].as_array().into_iter().flatten();
        parameters.filter(|parameter| parameter["in"] == "query")
    }

    /// A body as the description wants it.
    fn body(&self, document: &Json) -> Option<Json> {
        let schema = &self.what["requestBody"]["content"]["application/json"]["schema"];
        if self.path.ends_with("/rollback") {
            // Its revision or its identifier: neither is required by itself.
            return Some(json!({"revision": 0}));
        }
        (!schema.is_null()).then(|| sample(document, "", schema))
    }

    /// The path with names put in, and what has to be asked.
    fn target(&self, session: &str) -> String {
        let name = match self.path.as_str() {
            path if path.contains("samplicator") => "X",
            path if path.contains("exporter") => "E",
            _ => "M",
        };
        let path = self.path.replace("{id}", session).replace("{name}", name);
        let needed = self
            .query()
            .filter(|parameter| parameter["required"] == true);
        let query: Vec<String> = needed
            .map(|parameter| query_sample(parameter, session))
            .collect();
        match query.is_empty() {
            true => path,
            false => format!("{path}?{}", query.join("&")),
        }
    }
}

fn operations(document: &Json) -> Vec<Operation> {
    let paths = document["paths"].as_object().expect("paths");
    let of = |(path, item): (&String, &Json)| {
        let methods = item.as_object().cloned().unwrap_or_default();
        let path = path.clone();
        methods.into_iter().map(move |(method, what)| Operation {
            method: method.to_uppercase(),
            path: path.clone(),
            what,
        })
    };
    paths.iter().flat_map(of).collect()
}

/// A value of a schema: what is required, and no more.
fn sample(document: &Json, name: &str, schema: &Json) -> Json {
    if let Some(named) = schema["$ref"].as_str() {
        let schema = document.pointer(&named[1..]).expect("a type of that name");
        return sample(document, name, schema);
    }
    if let Some(word) = schema["enum"].get(0) {
        return word.clone();
    }
    match schema["type"].as_str() {
        Some("object") => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let names = required.iter().filter_map(Json::as_str);
            let member = |name: &str| sample(document, name, &schema["properties"][name]);
            names.map(|name| (name.to_owned(), member(name))).collect()
        }
        Some("integer") => json!(0),
        Some("string") if name == "text" => json!("set flow sampler T rate 9"),
        Some("string") => json!("x"),
        Some("array") => json!([]),
        _ => panic!("{name}: {schema}"),
    }
}

fn query_sample(parameter: &Json, session: &str) -> String {
    let name = parameter["name"].as_str().unwrap();
    let value = match (name, parameter["schema"]["type"].as_str()) {
        ("session", _) => session.to_owned(),
        ("source" | "destination", _) if parameter["required"] == true => "127.0.0.1".into(),
        ("source" | "from" | "to", _) => "running".into(),
        ("path", _) => "flow".into(),
        ("name", _) => "M".into(),
        ("host", _) => "127.0.0.1".into(),
        ("filter", _) => "destinationTransportPort=2000".into(),
        (_, Some("boolean")) => "true".into(),
        (_, Some("integer")) => "1".into(),
        _ => match parameter["schema"]["enum"].get(0) {
            Some(word) => word.as_str().unwrap_or_default().to_owned(),
            None => "x".into(),
        },
    };
    format!("{name}={value}")
}

struct Site {
    flowd: Flowd,
    _namespace: Namespace,
}

impl Site {
    /// A daemon with everything in it that an answer can speak of.
    fn new() -> Site {
        let namespace = Namespace::new("api");
        let flowd = Flowd::prepare();
        let groups = with_groups(&flowd.file("group", GROUP_FILE));
        let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
        let mut flowd = flowd.by(&groups);
        flowd.up(&namespace);
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(flowd.socket().parent().unwrap(), open).unwrap();
        flowd.configure(CONFIGURATION);
        // A template, and a record of a template that nobody knows.
        let datagram = [
            &[0, 9, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 7][..],
            &[0, 0, 0, 12, 1, 0, 0, 1, 0, 8, 0, 4],
        ];
        let socket = namespace.enter(|| UdpSocket::bind("127.0.0.1:0").unwrap());
        until("a source and a flow", SOON, || {
            socket
                .send_to(&datagram.concat(), "127.0.0.1:2000")
                .unwrap();
            let sources = flowd.get("/v1/samplicators/X/templates");
            let monitors = flowd.get("/v1/flow/monitors?name=M");
            let flows = monitors["monitors"][0]["cache"]["added"].as_u64() > Some(0);
            (flows && sources["templates"].get(0).is_some()).then_some(())
        });
        Site {
            flowd,
            _namespace: namespace,
        }
    }

    fn client(&self, groups: &[u32]) -> Client {
        Client::new(&self.flowd.socket(), 54_321, groups)
    }

    /// What only an administrator may change.
    fn state(&self) -> Json {
        let get = |path: &str| self.flowd.get(path);
        let exporters = get("/v1/flow/exporters");
        let samplicators = get("/v1/samplicators");
        let mut sessions = get("/v1/sessions");
        for session in sessions["sessions"].as_array_mut().into_iter().flatten() {
            session["idle_seconds"].take();
        }
        json!([
            get("/v1/version")["revision"],
            get("/v1/revisions"),
            sessions,
            get("/v1/configuration?format=set"),
            get("/v1/flow/monitors?name=M")["monitors"][0]["cache"]["aged"]["forced"],
            exporters["exporters"][0]["statistics"]["octets"].as_u64() > Some(0),
            samplicators["samplicators"][0]["received"]["datagrams"].as_u64() > Some(0),
        ])
    }
}

#[test]
fn an_operator_changes_nothing_by_any_route() {
    if !skip::able("roles of the API", &TOOLS) {
        return;
    }
    let site = Site::new();
    let session = site.flowd.post("/v1/sessions", &json!({"via": "test"}))["session"].clone();
    let session = session.as_str().unwrap();
    until("octets sent", SOON, || {
        let exporters = site.flowd.get("/v1/flow/exporters");
        (exporters["exporters"][0]["statistics"]["octets"].as_u64() > Some(0)).then_some(())
    });
    let before = site.state();
    let document = site.flowd.get("/v1/openapi.json");
    let operations = operations(&document);
    assert!(operations.len() >= 30, "{}", operations.len());
    let (operator, nobody) = (site.client(&[OPERATOR]), site.client(&[]));
    for operation in &operations {
        let (method, target) = (operation.method.as_str(), operation.target(session));
        let body = operation.body(&document);
        let (status, answer) = operator.ask(method, &target, body.as_ref());
        let expected = if operation.changes() { 403 } else { 200 };
        assert_eq!(status, expected, "{method} {target}: {answer}");
        assert_eq!(operation.changes(), method != "GET", "{target}");
        let (status, answer) = nobody.ask(method, &target, body.as_ref());
        assert_eq!(status, 403, "{method} {target}: {answer}");
    }
    // Other methods, other ways to write a path.
    for (method, path) in [
        ("PUT", "/v1/confirm"),
        ("PATCH", "/v1/sessions"),
        ("OPTIONS", "/v1/sessions"),
        ("POST", "//v1/sessions"),
        ("POST", "/v1/../v1/sessions"),
        ("POST", "/v1/%73essions"),
        ("post", "/v1/sessions"),
        ("GET", "/v1/clear/monitor/M"),
        ("POST", "/v1/version"),
    ] {
        let (status, answer) = operator.ask(method, path, None);
        assert!(
            (400..500).contains(&status),
            "{method} {path}: {status} {answer}"
        );
    }
    let (status, _) = operator.ask("GET", "/v1/configuration?secrets=true", None);
    assert_eq!(status, 403);
    // An operator cannot look into another's candidate either.
    let (status, _) = operator.ask(
        "GET",
        &format!("/v1/configuration?source=candidate&session={session}"),
        None,
    );
    assert_eq!(status, 403);
    assert_eq!(site.state(), before);
    let log = site.flowd.get("/v1/log?lines=1000").to_string();
    assert!(
        log.contains("54321 (uid 54321, curl[") && log.contains("was refused: an operator shows"),
        "{log}"
    );
}

#[test]
fn every_route_answers_as_it_is_described() {
    if !skip::able("description of the API", &TOOLS) {
        return;
    }
    let site = Site::new();
    let admin = site.client(&[ADMIN]);
    let (_, document) = admin.ask("GET", "/v1/openapi.json", None);
    assert_eq!(document["openapi"], "3.1.0");
    let session = |text: &str| {
        let (_, answer) = admin.ask("POST", "/v1/sessions", Some(&json!({"via": "test"})));
        let session = answer["session"].as_str().expect("a session").to_owned();
        if !text.is_empty() {
            let target = format!("/v1/sessions/{session}/edit");
            let (status, answer) = admin.ask("POST", &target, Some(&json!({ "text": text })));
            assert_eq!(status, 200, "{answer}");
        }
        session
    };
    // Nothing will be valid only because it is empty.
    for (path, member) in [
        ("/v1/flow/monitors/M/cache", "flows"),
        ("/v1/flow/interfaces", "interfaces"),
        ("/v1/flow/loss", "monitors"),
        ("/v1/flow/loss", "samplicators"),
        ("/v1/samplicators/X/sources", "sources"),
        ("/v1/samplicators/X/templates", "templates"),
        ("/v1/revisions", "revisions"),
    ] {
        assert!(
            site.flowd.get(path)[member].get(0).is_some(),
            "{path} {member}"
        );
    }
    for operation in &operations(&document) {
        // Something to look at, and for a confirmation something that waits for one.
        let text = match operation.path.ends_with("/commit") {
            true => "set flow sampler U rate 7",
            false => "",
        };
        let session = session(text);
        if operation.path == "/v1/confirm" {
            let waiting = self::session_that_waits(&admin, &session);
            assert_eq!(waiting, 600);
        }
        if operation.path == "/v1/clear/commit" {
            let edit = format!("/v1/sessions/{session}/edit");
            let text = json!({"text": "set flow sampler Z rate 13"});
            admin.ask("POST", &edit, Some(&text));
            let commit = format!("/v1/sessions/{session}/commit");
            let later = json!({"at": "2099-12-31 23:59"});
            let (_, answer) = admin.ask("POST", &commit, Some(&later));
            assert!(answer["scheduled"].is_string(), "{answer}");
            let (_, revisions) = admin.ask("GET", "/v1/revisions", None);
            assert!(revisions["scheduled"]["user"].is_string(), "{revisions}");
        }
        let (method, target) = (operation.method.as_str(), operation.target(&session));
        let (status, answer) = admin.ask(method, &target, operation.body(&document).as_ref());
        assert_eq!(status, 200, "{method} {target}: {answer}");
        valid(
            &document,
            &operation.what["responses"]["200"],
            &answer,
            &target,
        );

        for parameter in operation.query() {
            let more = query_sample(parameter, &session);
            let joint = if target.contains('?') { '&' } else { '?' };
            let asked = format!("{target}{joint}{more}");
            let (status, answer) = admin.ask(method, &asked, None);
            let response = if status == 200 { "200" } else { "default" };
            valid(
                &document,
                &operation.what["responses"][response],
                &answer,
                &asked,
            );
            assert!(
                !answer.to_string().contains("no parameter"),
                "{asked}: {answer}"
            );
        }
        let joint = if target.contains('?') { '&' } else { '?' };
        let asked = format!("{target}{joint}no-such=1");
        let (status, answer) = admin.ask(method, &asked, operation.body(&document).as_ref());
        assert_eq!(status, 400, "{asked}: {answer}");
        assert!(answer.to_string().contains("no-such"), "{answer}");
        valid(
            &document,
            &operation.what["responses"]["default"],
            &answer,
            &asked,
        );
        if method == "POST" {
            let mut body = operation.body(&document).expect("a body");
            body["no-such"] = json!(1);
            let (status, answer) = admin.ask(method, &target, Some(&body));
            assert_eq!(status, 400, "{target}: {answer}");
            valid(
                &document,
                &operation.what["responses"]["default"],
                &answer,
                &target,
            );
        }
        admin.ask("DELETE", &format!("/v1/sessions/{session}"), None);
    }
    let log = site.flowd.get("/v1/log?lines=1000").to_string();
    for change in [
        "54321 cleared flow monitor M, ",
        "54321 cleared flow-accounting: ",
        "54321 confirmed revision ",
        "54321 committed revision ",
        " via test",
    ] {
        assert!(log.contains(change), "{change}: {log}");
    }
}

#[test]
fn secrets_are_seen_by_nobody_who_does_not_ask_and_by_no_operator() {
    if !skip::able("secrets", &TOOLS) {
        return;
    }
    let site = Site::new();
    let line = |text: &str| {
        site.flowd.configure(&format!(
            "set system login user ann authentication plaintext-password {text}\n\
             set system config-management commit-archive location https://ann:{text}@127.0.0.1:9/a"
        ))
    };
    line("first-secret");
    line("second-secret");
    let (admin, operator) = (site.client(&[ADMIN]), site.client(&[OPERATOR]));
    let seen = |client: &Client, target: &str| client.ask("GET", target, None).1.to_string();
    let hash = {
        let shown = seen(&admin, "/v1/configuration?secrets=true&format=set");
        let from = shown.find("$6$").expect("the encrypted password");
        assert!(shown.contains("second-secret"), "{shown}");
        shown[from..].split('\\').next().unwrap().to_owned()
    };
    let (_, opened) = admin.ask("POST", "/v1/sessions", Some(&json!({"via": "test"})));
    let session = opened["session"].as_str().unwrap();
    for target in [
        "/v1/configuration",
        "/v1/configuration?format=set",
        "/v1/configuration?format=ios",
        "/v1/configuration?format=json",
        "/v1/configuration?source=1",
        "/v1/configuration?path=system%20login%20user%20ann",
        &format!("/v1/configuration?source=candidate&session={session}"),
        "/v1/compare?from=1&to=0",
        "/v1/compare?from=1&to=0&format=set",
        "/v1/compare?from=2&to=0",
        "/v1/revisions",
        "/v1/log?lines=1000",
    ] {
        for client in [&admin, &operator] {
            let shown = seen(client, target);
            for secret in ["first-secret", "second-secret", "$6$", &hash] {
                assert!(!shown.contains(secret), "{target}: {secret} in {shown}");
            }
        }
    }
    assert!(seen(&operator, "/v1/compare?from=1&to=0").contains("another one"));
    let shell = |command: &str| site.flowd.ok(&[command]);
    assert!(!shell("show configuration").contains("$6$"));
    assert!(shell("show configuration secrets").contains(&hash));

    // What was shown masked is loaded again: the secrets stay, and there is nothing to commit.
    let masked = site.flowd.file("masked.conf", shell("show configuration"));
    let load = format!("load override {masked}");
    let said = site.flowd.ok(&["configure", &load, "commit"]);
    assert!(
        said.contains("nothing changed") && said.contains("No configuration changes"),
        "{said}"
    );
    assert!(shell("show configuration secrets").contains(&hash));
    // Elsewhere there is nothing that it could stand for.
    let said = site.flowd.sh(&[
        "configure",
        "set system login user bob authentication encrypted-password ********",
    ]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("masked here"), "{}", said.err);
    // A wrong one is not repeated.
    let said = admin.ask(
        "POST",
        &format!("/v1/sessions/{session}/edit"),
        Some(
            &json!({"text": "set system login user bob authentication encrypted-password geheim"}),
        ),
    );
    assert_eq!(said.0, 400);
    assert!(!said.1.to_string().contains("geheim"), "{}", said.1);
}

#[test]
fn a_users_level_counts_more_than_the_groups() {
    if !skip::able("levels", &TOOLS) {
        return;
    }
    let site = Site::new();
    // Users of every Debian; the number is what the kernel tells.
    let user = |name: &str, groups: &[u32]| {
        let uid = nix::unistd::User::from_name(name)
            .unwrap()
            .expect("a user of Debian")
            .uid;
        Client::new(&site.flowd.socket(), uid.as_raw(), groups)
    };
    let (daemon, games) = (user("daemon", &[]), user("games", &[ADMIN]));
    assert_eq!(daemon.ask("GET", "/v1/whoami", None).0, 403);
    assert_eq!(games.ask("POST", "/v1/sessions", None).0, 200);
    site.flowd.configure(
        "set system login user daemon level admin\nset system login user games level operator",
    );
    let (_, who) = daemon.ask("GET", "/v1/whoami", None);
    assert_eq!(who["role"], "admin", "{who}");
    assert_eq!(daemon.ask("POST", "/v1/sessions", None).0, 200);
    let (_, who) = games.ask("GET", "/v1/whoami", None);
    assert_eq!(who["role"], "operator", "{who}");
    assert_eq!(games.ask("POST", "/v1/sessions", None).0, 403);
}

/// Commits something with ten minutes to confirm; the seconds it waits.
fn session_that_waits(admin: &Client, session: &str) -> u64 {
    let text = json!({"text": "set flow sampler W rate 11"});
    admin.ask("POST", &format!("/v1/sessions/{session}/edit"), Some(&text));
    let body = json!({"confirm_minutes": 10});
    let (_, answer) = admin.ask(
        "POST",
        &format!("/v1/sessions/{session}/commit"),
        Some(&body),
    );
    answer["confirm_seconds"].as_u64().unwrap_or_default()
}

/// The answer is what the response's schema says.
#[track_caller]
fn valid(document: &Json, response: &Json, answer: &Json, what: &str) {
    let mut schema = response["content"]["application/json"]["schema"].clone();
    assert!(schema.is_object(), "{what} has no schema");
    schema["components"] = document["components"].clone();
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    let wrong: Vec<String> = validator
        .iter_errors(answer)
        .map(|error| format!("{}: {error}", error.instance_path))
        .collect();
    assert!(wrong.is_empty(), "{what}: {wrong:#?}\n{answer:#}");
}

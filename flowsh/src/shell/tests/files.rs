//! What is loaded and saved, also from other programs.

use super::*;

#[test]
fn a_text_is_loaded_at_its_end() {
    let mut bench = Bench::new();
    bench.ok("configure");
    bench.ok("set system host-name old");
    bench.ok("load terminal");
    assert!(bench.shell.wants_text());
    bench.ok("set flow sampler S rate 10");
    bench.ok("commit");
    let shown = bench.shell.end_of_input().unwrap_err().shown();
    assert!(shown.contains("line 2:1: "), "{shown}");
    assert!(
        shown.contains("What is wrong above was left out."),
        "{shown}"
    );
    assert_eq!(bench.candidate(), "set flow sampler S rate 10\n");
    bench.ok("set system host-name old");
    bench.ok("load merge terminal");
    bench.ok("set flow sampler S rate 11");
    assert!(
        bench
            .shell
            .end_of_input()
            .unwrap()
            .answer
            .text
            .starts_with("Loaded: ")
    );
    assert_eq!(
        bench.candidate(),
        "set system host-name old\nset flow sampler S rate 11\n"
    );
}

#[test]
fn the_flow_parts_of_a_router_are_loaded() {
    let mut bench = Bench::new();
    bench.ok("configure");
    bench.ok("set system host-name old");
    bench.ok("load flow terminal detail");
    for line in [
        "hostname r9",
        "router bgp 1",
        " neighbor x",
        "flow exporter E",
        " destination 192.0.2.1",
        "end",
    ] {
        bench.ok(line);
    }
    let said = bench.shell.end_of_input().unwrap().answer.text;
    assert_eq!(
        said,
        "3 lines of 2 sections left out: hostname, router bgp\n  1            hostname\n  2-3          router bgp\nLoaded: 2 changes. `compare` shows them, `commit` puts them into force.\n"
    );
    assert_eq!(
        bench.candidate(),
        "set system host-name old\nset flow exporter E destination 192.0.2.1\n"
    );
}

#[test]
fn saved_files_load_again() {
    let mut bench = Bench::new();
    bench.ok("configure");
    bench.ok("set flow sampler S rate 7");
    bench.ok("commit");
    let said = bench.ok("save");
    assert!(
        said.starts_with("Saved the running configuration to /")
            && said.ends_with("/config.boot\n"),
        "{said}"
    );
    bench.ok("set flow sampler S rate 8");
    assert!(
        bench
            .ok("save ~/other")
            .contains("uncommitted changes are not in it")
    );
    bench.ok("load ~/other");
    assert_eq!(bench.candidate(), "set flow sampler S rate 7\n");
    let shown = bench.fails("load ~/none");
    assert!(
        shown.starts_with("  load ~/none\n       ^^^^^^\ncannot read /"),
        "{shown}"
    );
}

#[test]
fn probes_of_other_programs_become_flow_accounting_with_a_report() {
    let mut bench = Bench::new();
    bench.ok("configure");
    let said = bench.ok("load softflowd-args -d -i eth1 -n 192.0.2.9:2055 -v 9 -t maxlife=1m");
    assert_eq!(
        said,
        "arguments: \"-d\": not translated: flowd is a service already\n\
         Loaded as flow monitoring: `compare` shows it, `commit` puts it into force; 1 option has no equivalent and was left out (above).\n"
    );
    let candidate = bench.candidate();
    assert!(
        candidate.contains("netflow timeout max-active-life 60"),
        "{candidate}"
    );
    let path = bench._dir.path().join("pmacctd.conf");
    std::fs::write(&path, "plugins: nfprobe\ninterface: eth2\nfoo: 1\n").unwrap();
    let said = bench.ok(&format!("load pmacct {}", path.display()));
    assert!(
        said.contains("pmacctd.conf:3: \"foo: 1\": not translated"),
        "{said}"
    );
    assert!(bench.candidate().contains("server 127.0.0.1 port 2100"));
    let path = bench._dir.path().join("default.conf");
    std::fs::write(
        &path,
        "interface='eth3'\noptions='-n 192.0.2.8:9995 -v 9 -q'\n",
    )
    .unwrap();
    let said = bench.ok(&format!("load softflowd {}", path.display()));
    assert_eq!(
        said,
        format!(
            "{}:2: \"-q\": not translated: softflowd has no such option\n\
             Loaded as flow monitoring: `compare` shows it, `commit` puts it into force; 1 option has no equivalent and was left out (above).\n",
            path.display()
        )
    );
    assert!(
        bench
            .candidate()
            .contains("set system flow-accounting interface eth3\n")
    );
    assert!(
        bench
            .fails("load softflowd-args -d")
            .contains("none of it can be flow monitoring")
    );
}

#[test]
fn samplicates_configuration_becomes_a_samplicator_with_a_report() {
    let mut bench = Bench::new();
    bench.ok("configure");
    bench.ok("set system host-name kept");
    let seed = "-s 192.168.3.2 -S -p 2055 -d 192.168.4.1/2055 192.168.5.1/2055";
    let said = bench.ok(&format!("load samplicate-args \"{seed}\""));
    assert_eq!(
        said,
        "arguments: \"-d\": not translated: `show samplicator` and `show log` tell what it does
arguments: \"192.168.4.1/2055\": samplicate takes it for the level of -d; here it is a receiver
Loaded as samplicator samplicate: `compare` shows it, `commit` puts it into force; 1 option has no equivalent and was left out (above).
"
    );
    let candidate = bench.candidate();
    assert!(
        candidate.starts_with("set system host-name kept\n"),
        "{candidate}"
    );
    for address in ["192.168.4.1", "192.168.5.1"] {
        let line = format!("set flow samplicator samplicate receiver {address} spoof-source\n");
        assert!(candidate.contains(&line), "{candidate}");
    }
    // Loaded again it is replaced, not added to.
    let path = bench._dir.path().join("samplicate.conf");
    std::fs::write(&path, "10.0.0.0/8: 192.0.2.1/2055\nnothing\n").unwrap();
    let said = bench.ok(&format!("load samplicate {}", path.display()));
    assert!(
        said.starts_with(&format!(
            "{}:2: \"nothing\": not translated: there is no colon",
            path.display()
        )),
        "{said}"
    );
    let candidate = bench.candidate();
    assert!(!candidate.contains("192.168.4.1"), "{candidate}");
    assert!(
        candidate.contains("set flow samplicator samplicate source 0.0.0.0/0 deny\n"),
        "{candidate}"
    );
    let shown = bench.fails("load samplicate-args -c /nowhere/at/all");
    assert!(
        shown.contains("^^^^^^^^^^^^^^^\n") && shown.contains("cannot read"),
        "{shown}"
    );
    let shown = bench.fails("load samplicate-args -f");
    assert!(
        shown.ends_with("none of it can be a samplicator; nothing was loaded"),
        "{shown}"
    );
}

#[test]
fn a_replicator_of_pmacct_becomes_a_samplicator_with_the_files_beside_it() {
    let mut bench = Bench::new();
    bench.ok("configure");
    let folder = bench._dir.path().to_owned();
    std::fs::write(
        folder.join("nfacctd.conf"),
        "plugins: tee[a]\nnfacctd_port: 2055\ntee_receivers[a]: receivers.lst\ntee_transparent: true\nnfacctd_allow_file: nowhere\n",
    )
    .unwrap();
    std::fs::write(
        folder.join("receivers.lst"),
        "id=1 ip=192.0.2.9:2055\nid=2 ip=x y=z\n",
    )
    .unwrap();
    let said = bench.ok(&format!("load pmacct {}/nfacctd.conf", folder.display()));
    let lines: Vec<&str> = said.lines().collect();
    assert!(
        lines[0].contains(
            "nfacctd.conf:5: \"nfacctd_allow_file: nowhere\": not translated: cannot read /"
        ),
        "{said}"
    );
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("receivers.lst:2: \"")),
        "{said}"
    );
    assert!(
        said.contains("Loaded as samplicator pmacct: ")
            && said.contains("options have no equivalent and were left out (above)."),
        "{said}"
    );
    assert!(
        bench
            .candidate()
            .contains("set flow samplicator pmacct receiver 192.0.2.9 spoof-source\n")
    );
    let shown = bench.fails("load pmacct /nowhere/at/all");
    assert!(shown.contains("cannot read /nowhere/at/all"), "{shown}");
}

//! What changes the candidate: lines, blocks, comments, copies, pasted text.

use super::*;

#[test]
fn errors_of_set_and_ios_lines_point_into_the_typed_line() {
    let mut bench = Bench::new();
    bench.ok("configure");
    bench.ok("edit flow");
    let shown = bench.fails("  set exporter E dscp 99");
    assert!(
        shown.starts_with("    set exporter E dscp 99\n                        ^^\n"),
        "{shown}"
    );
    let said = bench.ok("del exporter X");
    assert!(said.starts_with("Note: \"flow\" is not there"), "{said}");
    let shown = bench.fails("del exporterr X");
    assert!(
        shown.starts_with("  del exporterr X\n      ^^^^^^^^^\n"),
        "{shown}"
    );
    bench.ok("flow exporter E");
    let shown = bench.fails("  dscp 99");
    assert!(shown.starts_with("    dscp 99\n         ^^\n"), "{shown}");
    let shown = bench.fails("dscpp 9");
    assert!(shown.ends_with("did you mean dscp?"), "{shown}");
    let shown = bench.fails("comit");
    assert!(shown.ends_with("did you mean commit?"), "{shown}");
}

#[test]
fn ios_lines_stay_in_their_submode_until_another_opens() {
    let mut bench = Bench::new();
    bench.ok("configure terminal");
    for line in [
        "flow exporter E",
        " destination 192.0.2.1",
        "! comment",
        " transport udp 2055",
        "flow record R",
        " match ipv4 tos",
        "end",
    ] {
        if line != "end" {
            bench.ok(line);
        }
    }
    assert_eq!(
        bench.candidate(),
        "set flow record R match ipv4 tos\nset flow exporter E destination 192.0.2.1\nset flow exporter E transport udp 2055\n"
    );
    // On a terminal `end` asks, elsewhere it commits.
    let shown = bench.fails("exit discarded");
    assert!(shown.contains("discard"), "{shown}");
    bench.shell.via = "cli";
    bench.ok("end");
    assert!(
        bench
            .prompt()
            .contains("yes, no (they are given up), or cancel")
    );
    assert_eq!(bench.ok("cancel"), "You stay in configuration mode.\n");
    bench.ok("end");
    bench.ok("no");
    assert_eq!(bench.prompt(), "r1> ");
    assert!(bench.daemon.lock().sessions.is_empty());
    bench.shell.via = "test";
    bench.ok("configure terminal");
    bench.ok("flow exporter E");
    bench.ok("destination 192.0.2.1");
    assert!(bench.ok("end").contains("Commit complete"));
    assert_eq!(bench.prompt(), "r1> ");
}

#[test]
fn lines_below_a_refused_one_are_neither_commands_nor_statements() {
    let mut bench = Bench::new();
    bench.ok("configure terminal");
    bench.ok("interface eth0");
    bench.ok("description management");
    bench.fails("interface GigabitEthernet1/0/7");
    for line in [
        "description spare",
        "shutdown",
        " exit",
        "set system host-name evil",
    ] {
        assert!(bench.ok(line).starts_with("Left out"), "{line}");
    }
    bench.ok("exit");
    assert_eq!(bench.prompt(), "r1(config)# ");
    // A banner's text, whatever it says.
    bench.ok("banner motd ^C");
    for line in ["commit", "flow exporter X", "exit"] {
        bench.ok(line);
    }
    assert_eq!(bench.ok("^C"), "5 lines of it were left out.\n");
    bench.fails("router bgp 65000");
    assert!(
        bench
            .ok("neighbor 192.0.2.1 remote-as 1")
            .starts_with("Left out")
    );
    bench.ok("flow exporter E");
    bench.ok("ttl 4");
    assert_eq!(
        bench.candidate(),
        "set interfaces ethernet eth0 description management\nset flow exporter E ttl 4\n"
    );
}

#[test]
fn a_wrong_statement_in_a_block_costs_itself_only() {
    let mut bench = Bench::new();
    bench.ok("configure");
    for line in ["system {", "  host-name edge", "  time-zone UTC"] {
        bench.ok(line);
    }
    let shown = bench.fails("}");
    assert!(shown.contains("line 3:3: "), "{shown}");
    assert_eq!(bench.candidate(), "set system host-name edge\n");
}

#[test]
fn a_pasted_block_is_one_edit_at_the_level() {
    let mut bench = Bench::new();
    bench.ok("configure");
    bench.ok("edit system");
    for line in [
        "flow-accounting {",
        "    interface eth1",
        "    netflow {",
        "        server 192.0.2.1 {",
        "            port 2055",
        "        }",
        "    }",
    ] {
        bench.ok(line);
        assert!(!bench.shell.wants_command());
    }
    bench.ok("}");
    assert!(bench.shell.wants_command());
    assert_eq!(bench.daemon.lock().edits.len(), 1);
    assert!(
        bench
            .candidate()
            .contains("set system flow-accounting netflow server 192.0.2.1 port 2055")
    );
    bench.ok("flow-accounting {");
    bench.ok("  interfac eth2");
    let shown = bench.fails("}");
    assert!(
        shown.starts_with("    interfac eth2\n    ^^^^^^^^\nline 2:3: "),
        "{shown}"
    );
    bench.ok("flow-accounting {");
    bench.shell.interrupt();
    assert!(bench.shell.wants_command());
}

#[test]
fn a_comment_goes_with_its_node_wherever_that_goes() {
    let mut bench = Bench::new();
    bench.ok("configure");
    bench.ok("set flow sampler A rate 10");
    bench.ok("comment flow sampler A \"one in ten\"");
    bench.ok("edit flow");
    bench.ok("comment sampler A rate why");
    bench.ok("rename sampler A to sampler B");
    bench.ok("copy sampler B to sampler C");
    let candidate = bench.candidate();
    for line in [
        "set comment \"flow sampler B\" text \"one in ten\"\n",
        "set comment \"flow sampler B rate\" text why\n",
        "set comment \"flow sampler C rate\" text why\n",
    ] {
        assert!(candidate.contains(line), "{line}{candidate}");
    }
    assert!(!candidate.contains("sampler A"), "{candidate}");
    bench.ok("comment sampler B \"\"");
    assert!(!bench.candidate().contains("\"flow sampler B\""));
    let shown = bench.fails("comment sampler D x");
    assert!(
        shown.contains("not there") && shown.contains("comment sampler D x"),
        "{shown}"
    );
}

#[test]
fn a_comment_above_a_block_is_kept_and_above_anything_else_is_not() {
    let mut bench = Bench::new();
    bench.ok("configure");
    for line in [
        "/* the core */",
        "",
        "flow {",
        "/* ten */",
        "sampler A { rate 10; }",
        "}",
        "/* nobody's */",
        "set flow sampler B rate 10",
        "system {",
        "host-name r1",
        "}",
    ] {
        bench.ok(line);
    }
    let candidate = bench.candidate();
    assert_eq!(candidate.matches("set comment").count(), 2, "{candidate}");
    for line in [
        "set comment flow text \"the core\"\n",
        "set comment \"flow sampler A\" text ten\n",
    ] {
        assert!(candidate.contains(line), "{line}{candidate}");
    }
}

#[test]
fn copies_and_renames_are_one_change() {
    let mut bench = Bench::new();
    bench.ok("configure");
    bench.ok("set flow exporter A destination 192.0.2.1");
    bench.ok("set flow exporter A description \"a \\\"b\\\" c\"");
    bench.ok("edit flow");
    bench.ok("copy exporter A to exporter B");
    bench.ok("rename exporter A to exporter C");
    assert_eq!(
        bench.candidate(),
        "set flow exporter B description \"a \\\"b\\\" c\"\nset flow exporter B destination 192.0.2.1\n\
         set flow exporter C description \"a \\\"b\\\" c\"\nset flow exporter C destination 192.0.2.1\n"
    );
    assert!(
        bench
            .fails("copy exporter A to exporter D")
            .contains("is not in the candidate")
    );
    assert!(
        bench
            .fails("copy exporter B to exporter C")
            .contains("is in the candidate configuration already")
    );
    let shown = bench.fails("copy exporter B to sampler S");
    assert!(
        shown
            .lines()
            .nth(1)
            .is_some_and(|line| line.trim() == "^".repeat(9)),
        "{shown}"
    );
}

#[test]
fn pasted_lines_go_together_and_each_wrong_one_is_told() {
    let mut bench = Bench::new();
    bench.ok("configure");
    let mut paste = |text: &str| {
        let lines: Vec<&str> = text.lines().collect();
        let batch = bench.shell.batch(&lines).unwrap();
        let count = batch.lines;
        let undone = bench.shell.run_batch(batch, &lines[..count]).unwrap();
        let wrong: Vec<(usize, String)> = undone
            .wrong
            .into_iter()
            .map(|(at, failure)| (at, failure.shown()))
            .collect();
        (count, wrong, undone.left_out)
    };
    let (count, wrong, _) = paste(
        "set flow sampler A rate 2\n  set flow sampler B rate x\nset flow smapler C rate 2\nset flow sampler D rate 3\ncommit\n",
    );
    assert_eq!((count, wrong.len()), (4, 2));
    let (at, shown) = &wrong[0];
    assert_eq!(*at, 1);
    assert!(
        shown.starts_with("    set flow sampler B rate x\n                            ^\n"),
        "{shown}"
    );
    assert_eq!(wrong[1].0, 2);

    // What stands below a wrong line does not become another one's.
    let (count, wrong, left_out) = paste(
        "flow exporter E1\n destination 192.0.2.1\n!\nflow exprter E2\n destination 192.0.2.2\n ttl 3\n!\nflow exporter E3\n \
         dscp 99\n destination 192.0.2.3\n",
    );
    assert_eq!((count, wrong.len(), left_out), (10, 2, 2));
    assert!(wrong[0].1.ends_with("the 2 lines below it were left out"));
    assert_eq!(bench.daemon.lock().edits.len(), 2, "each text once");
    assert_eq!(
        bench.candidate(),
        "set flow exporter E1 destination 192.0.2.1\nset flow exporter E3 destination 192.0.2.3\n\
         set flow sampler A rate 2\nset flow sampler D rate 3\n"
    );
    assert_eq!(bench.shell.prompt().1, "r1(config-flow-exporter)# ");
    bench.ok("ttl 7");
    assert!(bench.candidate().contains("E3 ttl 7"));
    // Alone, or what does more than change the candidate, is no batch.
    assert_eq!(
        bench.shell.batch(&["set flow sampler A rate 2", "commit"]),
        None
    );
    assert_eq!(bench.shell.batch(&["flow {", "}"]), None);
}

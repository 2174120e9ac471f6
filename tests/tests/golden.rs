//! `flowd meter` reads every capture, with good and bad packets, without harm, and its flows are those of the golden file.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use flow_tests::golden::{Golden, record};
use flow_tests::key::Flows;
use flow_tests::random::Random;
use flow_tests::traffic::Traffic;
use flow_tests::{bins, shared, skip, until};
use serde_json::Value as Json;

/// The output of `flowd meter --records --json` for a capture.
struct Metered {
    flows: Flows,
    records: u64,
    summary: Json,
}

impl Metered {
    fn skipped(&self) -> u64 {
        count(&self.summary["skipped"])
    }
}

/// Returns the sum of the members of an object, which are numbers or objects with a member `packets`.
fn count(reasons: &Json) -> u64 {
    let reasons = reasons.as_object().into_iter().flatten();
    reasons
        .map(|(_, count)| count.as_u64().or(count["packets"].as_u64()).unwrap_or(0))
        .sum()
}

fn run(file: &Path) -> (i32, String, String) {
    let out = tempfile::NamedTempFile::new().unwrap();
    let err = tempfile::NamedTempFile::new().unwrap();
    let mut child = skip::command(&bins::program("flowd"))
        .args(["meter", "--records", "--json", "--read"])
        .arg(file)
        .stdin(Stdio::null())
        .stdout(out.reopen().unwrap())
        .stderr(err.reopen().unwrap())
        .spawn()
        .unwrap();
    let status = until(
        &format!("the end of {}", file.display()),
        Duration::from_secs(60),
        || child.try_wait().unwrap(),
    );
    let read = |file: &tempfile::NamedTempFile| {
        String::from_utf8_lossy(&std::fs::read(file.path()).unwrap()).into_owned()
    };
    (status.code().unwrap_or(-1), read(&out), read(&err))
}

fn meter(file: &Path) -> Metered {
    let (code, out, err) = run(file);
    assert!(code == 0, "{}: exit {code}: {err}", file.display());
    let mut lines: Vec<Json> = out
        .lines()
        .map(|line| {
            serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("{}: {error}: {line}", file.display()))
        })
        .collect();
    let summary = lines.pop().expect("a summary line");
    let mut flows = Flows::default();
    for line in &lines {
        let (key, sum) =
            record(line).unwrap_or_else(|| panic!("{}: not a flow: {line}", file.display()));
        flows.add(key, sum);
    }
    Metered {
        flows,
        records: lines.len() as u64,
        summary,
    }
}

/// Checks what must hold for any file: the summary agrees with the records and has every packet. Returns the faults, a line
/// each.
fn consistent(metered: &Metered, packets: u64) -> Vec<String> {
    let mut faults = Vec::new();
    let (in_records, octets) = metered.flows.totals();
    let number = |name: &str| metered.summary[name].as_u64();
    let dropped = count(&metered.summary["dropped"]);
    for (what, got, want) in [
        ("flows", number("flows"), metered.records),
        ("octets", number("octets"), octets),
        (
            "packets and skipped and dropped",
            number("packets").map(|metered_or_all| {
                if metered_or_all == packets {
                    packets
                } else {
                    metered_or_all + metered.skipped() + dropped
                }
            }),
            packets,
        ),
        (
            "packets in records and skipped",
            Some(in_records + metered.skipped()),
            packets,
        ),
    ] {
        if got != Some(want) {
            faults.push(format!("summary: {what}: {got:?}, not {want}"));
        }
    }
    if metered.summary["elapsed_seconds"].as_f64().is_none() {
        faults.push("summary: no elapsed_seconds".into());
    }
    faults
}

#[test]
fn every_capture_is_metered_as_its_golden_file_says() {
    let mut wrong = Vec::new();
    let captures = shared::captures("golden: captures");
    for file in &captures {
        let golden = Golden::read(&file.with_file_name(format!(
            "{}.golden.json",
            file.file_name().unwrap().to_str().unwrap()
        )));
        let metered = meter(file);
        let mut faults = consistent(&metered, golden.packets);
        if golden.defined {
            faults.extend(golden.faults(&metered.flows));
        }
        let name = file.file_name().unwrap().to_string_lossy();
        wrong.extend(
            faults
                .iter()
                .take(4)
                .map(|fault| format!("{name}: {fault}")),
        );
    }
    assert!(
        captures.is_empty() || captures.len() > 50,
        "only {} captures",
        captures.len()
    );
    assert!(
        wrong.is_empty(),
        "{} faults in {} captures:\n{}",
        wrong.len(),
        captures.len(),
        wrong.join("\n")
    );
}

#[test]
fn own_captures_are_metered_to_the_packet_and_the_nanosecond() {
    let dir = tempfile::tempdir().unwrap();
    for seed in 0..4 {
        let traffic = Traffic::mix(seed, 5_000, 1_700_000_000_123_456_789);
        let file = dir.path().join(format!("mix{seed}.pcap"));
        traffic.write(&file);
        let metered = meter(&file);
        let golden = Golden {
            defined: true,
            packets: 5_000,
            flows: traffic.flows().clone(),
            ambiguous: Default::default(),
            doubtful_rows: 0,
        };
        assert_eq!(consistent(&metered, 5_000), Vec::<String>::new());
        assert_eq!(golden.faults(&metered.flows), Vec::<String>::new());
    }
}

/// Generated captures whose packets have random octets and are cut short do no harm.
#[test]
fn spoilt_packets_do_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let mut random = Random::new(77);
    for round in 0..8 {
        let traffic = Traffic::mix(100 + round, 600, 1_700_000_000_000_000_000);
        let frames: Vec<(u64, Vec<u8>)> = traffic
            .frames()
            .iter()
            .map(|(time, _, bytes)| {
                let mut bytes = bytes.clone();
                for _ in 0..=random.below(4) {
                    let at = random.below(bytes.len().min(80) as u64) as usize;
                    bytes[at] = random.number() as u8;
                }
                bytes.truncate(1 + random.below(bytes.len() as u64 * 2) as usize);
                (*time, bytes)
            })
            .collect();
        let file = dir.path().join("spoilt.pcap");
        flow_tests::pcapfile::write(
            &file,
            frames.iter().map(|(time, bytes)| (*time, bytes.as_slice())),
        );
        assert_eq!(consistent(&meter(&file), 600), Vec::<String>::new());
    }
}

/// Damaged or truncated savefiles give an error in one line or the packets before the damage, never a panic.
#[test]
fn spoilt_savefiles_are_refused_in_one_line() {
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole.pcap");
    Traffic::mix(9, 50, 1_700_000_000_000_000_000).write(&whole);
    let bytes = std::fs::read(&whole).unwrap();
    let mut random = Random::new(5);
    for round in 0..40 {
        let mut spoilt = bytes.clone();
        match round {
            0 => spoilt.clear(),
            1 => spoilt = b"this is not a savefile\n".to_vec(),
            2..=20 => spoilt.truncate(random.below(bytes.len() as u64) as usize),
            // The length in a record header says up to 4 GiB.
            _ => spoilt[24 + 8 + random.below(8) as usize] = 0xff,
        }
        let file = dir.path().join("spoilt.pcap");
        std::fs::write(&file, &spoilt).unwrap();
        let (code, _, err) = run(&file);
        assert!(code == 0 || code == 1, "round {round}: exit {code}: {err}");
        assert!(!err.contains("panicked"), "round {round}: {err}");
        assert!(
            code == 0 || (err.lines().count() == 1 && err.contains("spoilt.pcap")),
            "round {round}: {err}"
        );
    }
    let (code, _, err) = run(Path::new("/nonexistent/file.pcap"));
    assert!(
        code == 1 && err.lines().count() == 1 && err.contains("/nonexistent/file.pcap"),
        "{code}: {err}"
    );
}

/// The packets before the damage of a savefile are metered, and exit status and summary say that the file was not whole.
#[test]
fn a_savefile_that_is_not_whole_is_told_with_what_was_metered() {
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole.pcap");
    Traffic::mix(9, 50, 1_700_000_000_000_000_000).write(&whole);
    let bytes = std::fs::read(&whole).unwrap();
    let (code, out, err) = run(&whole);
    let summary = |out: &str| serde_json::from_str::<Json>(out.lines().last().unwrap()).unwrap();
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(summary(&out)["complete"], true);
    assert_eq!(summary(&out)["captured"], 50);
    let cut = dir.path().join("cut.pcap");
    for (spoilt, why) in [
        (bytes[..bytes.len() - 1].to_vec(), "is cut in a packet"),
        (
            [&bytes[..], &[0xff; 16]].concat(),
            "claims 4294967295 octets",
        ),
        (
            [&bytes[..], &[0; 7]].concat(),
            "is cut in a packet's header, 7 of 16",
        ),
    ] {
        std::fs::write(&cut, &spoilt).unwrap();
        let (code, out, err) = run(&cut);
        assert_eq!(code, 1, "{err}");
        assert!(err.lines().count() == 1 && err.contains(why), "{err}");
        let summary = summary(&out);
        let packets = if spoilt.len() < bytes.len() { 49 } else { 50 };
        assert_eq!(summary["complete"], false);
        assert_eq!(summary["captured"], packets);
        assert!(summary["flows"].as_u64().unwrap() > 0 && out.lines().count() > 1);
    }
}

#[test]
fn a_link_type_that_is_not_read_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("usb.pcap");
    let mut bytes = vec![
        0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0,
    ];
    bytes.extend(189u32.to_le_bytes());
    for word in [1u32, 2, 4, 4, 7] {
        bytes.extend(word.to_le_bytes());
    }
    std::fs::write(&file, bytes).unwrap();
    let (code, out, err) = run(&file);
    assert_eq!(code, 0, "{err}");
    let summary: Json = serde_json::from_str(&out).unwrap();
    assert_eq!(summary["skipped"]["unknown-link-type"], 1);
    assert_eq!(
        summary["unread_link_types"],
        serde_json::json!([{"number": 189, "name": "USB_LINUX", "packets": 1}])
    );
    let lines: Vec<&str> = err.lines().collect();
    assert!(
        lines[0].ends_with("usb.pcap: link type 189 (USB_LINUX) is not read: 1 packet skipped"),
        "{err}"
    );
    assert!(
        lines[1].starts_with("flowd: link types that are read: NULL, ETHERNET, ")
            && lines.len() == 2,
        "{err}"
    );
}

#[test]
fn a_reader_that_has_seen_enough_ends_it_without_a_word() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("many.pcap");
    // There are more records than fit into a pipe.
    Traffic::udp(20_000, 20_000, 1_700_000_000_000_000_000).write(&file);
    for options in ["--records", "--records --json"] {
        let output = skip::command("sh")
            .args(["-c", "\"$0\" meter --read \"$1\" $2 | head -n 1"])
            .arg(bins::program("flowd"))
            .arg(&file)
            .arg(options)
            .output()
            .unwrap();
        let (out, err) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert_eq!((out.lines().count(), err.as_ref()), (1, ""), "{options}");
    }
}

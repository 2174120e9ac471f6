//! Bad packets: every capture goes through `flowd meter` without harm and comes out as its golden file says.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use flow_tests::golden::{Golden, record};
use flow_tests::key::Flows;
use flow_tests::random::Random;
use flow_tests::traffic::Traffic;
use flow_tests::{bins, shared, skip, until};
use serde_json::Value as Json;

/// What `flowd meter --records --json` said about a capture.
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

/// The sum of an object of counts, or of objects that count packets.
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

/// What holds whatever is in the file: the summary agrees with the records, and every packet of the file is in it.
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

/// Own captures with octets turned over, cut short and grown: whatever they are now, they do no harm.
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

/// Savefiles that are none, or end in the middle: an error in one line or the packets before the end, never a panic.
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
            // A record header that promises up to 4 GiB.
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

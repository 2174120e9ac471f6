//! `flowd meter`: metering and export of a savefile, with the savefile's timestamps as the clock.

mod summary;

use std::io::{self, BufWriter, IsTerminal, Write, stdout};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, anyhow, bail};
use capture::Savefile;
use export::{Feed, Plan, Protocol, Sampling};
use flow::{Batch, EndReason, Record};
use indicatif::{ProgressBar, ProgressStyle};
use meter::{Burst, CacheType, KeptTables, Monitor, ReadOptions};
use wire::{LinkType, Tunnel};

use service::clock;

use super::savefile::MeterPlan;
use super::settings::{Settings, TIMEOUTS, exporter_defaults};
use super::show::reading_counts;
use summary::{Summary, UnreadLinkType, table};

/// Number of packets after which batches are exported and the progress bar is updated.
const STRIDE: u64 = 4096;
/// Most flows in the cache if there is no configuration.
const ENTRIES: usize = 1 << 20;
/// How long before the first packet the exporter counts as started, the time that exported uptimes count from. Packets out
/// of order, as in merged captures, are then not before it.
const BOOT_BEFORE_FIRST_NS: u64 = 3_600_000_000_000;
const SECOND_NS: u64 = 1_000_000_000;
/// Longest gap between packets without an extra step: in a longer one flows are expired and exported second by second.
const GAP_NS: u64 = 60_000_000_000;

/// The present time of the savefile, which the export thread reads as its clock.
static PRESENT_NS: AtomicU64 = AtomicU64::new(0);

/// Most batches that wait for the export thread.
const QUEUE: usize = 64;

/// The arguments of `flowd meter`.
#[derive(Debug)]
pub struct Request {
    /// The savefile, pcap or pcapng.
    pub read: PathBuf,
    /// The configuration file and its settings; `None` for one monitor with the record `netflow-original`.
    pub config: Option<(PathBuf, Settings)>,
    /// The monitor of the configuration to run; `None` for its only one.
    pub monitor: Option<String>,
    /// Further collectors to export to: `HOST:PORT`.
    pub to: Vec<String>,
    /// The export protocol for these collectors.
    pub protocol: Protocol,
    /// Kinds of tunnels whose inner packets are metered, beside those of the configuration.
    pub decapsulate: Vec<Tunnel>,
    /// Whether later fragments get the ports of their first one.
    pub fragment_ports: bool,
    /// Whether each flow is printed as a line of JSON.
    pub records: bool,
    /// Whether the summary is printed as a line of JSON.
    pub json: bool,
}

/// Runs the command. Returns whether the whole savefile was metered: what is before a damaged place is metered, and
/// standard error says what is wrong. A closed standard output (`| head`) ends it early and without a word.
///
/// # Errors
/// If the savefile cannot be read, or a collector is not reachable from this host.
pub fn run(args: &Request) -> anyhow::Result<bool> {
    meter(args).or_else(|error| match error.downcast_ref::<io::Error>() {
        Some(cause) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(true),
        _ => Err(error),
    })
}

fn meter(args: &Request) -> anyhow::Result<bool> {
    let started = clock::monotonic();
    let plan = plan(args)?;
    let mut savefile = Savefile::open(&args.read)?;
    let mut monitor = Monitor::new(plan.meter.clone(), clock::unix_ns());
    let mut burst = Burst::default();
    burst.set_wanted_lines(monitor.wanted_lines());
    burst.set_read_options(plan.reading.clone());
    let progress = progress(args, &savefile);
    let mut output = Output {
        records: args.records,
        flows: 0,
        out: BufWriter::new(stdout().lock()),
    };
    let mut exporting = None;
    let mut read = 0u64;
    let mut next_second_ns = 0;
    let damaged = loop {
        let mut result = Ok(());
        // A new second begins. The packets before it are metered before flows are expired. Packets may be out of order, but
        // the present time never goes back.
        let mut second = |monitor: &mut Monitor, next_ns: u64, now_ns: u64| {
            if next_ns == 0 {
                let boot_ns = now_ns.saturating_sub(BOOT_BEFORE_FIRST_NS) / 1_000_000 * 1_000_000;
                exporting = start_export(&plan, boot_ns, now_ns)?;
            } else if now_ns - next_ns > GAP_NS {
                output.wait_through_gap(monitor, exporting.as_ref(), next_ns, now_ns)?;
            }
            monitor.expire(now_ns);
            anyhow::Ok((now_ns / SECOND_NS + 1) * SECOND_NS)
        };
        let more = savefile.read(|packet| {
            if packet.time_ns >= next_second_ns {
                monitor.burst(&mut burst);
                burst.clear();
                match second(&mut monitor, next_second_ns, packet.time_ns) {
                    Ok(next_ns) => next_second_ns = next_ns,
                    Err(error) => {
                        result = Err(error);
                        return ControlFlow::Break(());
                    }
                }
            }
            burst.observe(packet);
            if burst.is_full() {
                monitor.burst(&mut burst);
                burst.clear();
            }
            read += 1;
            match read.is_multiple_of(STRIDE) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        result?;
        match more {
            Ok(true) => {}
            Ok(false) => break None,
            Err(error) => break Some(error),
        }
        output.export_ready(&mut monitor, exporting.as_ref(), next_second_ns)?;
        progress.set_position(savefile.position());
    };
    monitor.burst(&mut burst);
    output.export_ready(&mut monitor, exporting.as_ref(), next_second_ns)?;
    let mut handed_on = Ok(());
    monitor.flush_to(EndReason::Forced, |batch| {
        if handed_on.is_ok() {
            handed_on = output.export(batch, exporting.as_ref());
        }
    });
    handed_on?;
    progress.finish_and_clear();
    if let Some(error) = &damaged {
        eprintln!("flowd: {error}; the packets before it were metered");
    }
    let unread = UnreadLinkType::all(&savefile);
    tell_unread(&args.read, &unread);
    let exporters = match exporting {
        Some((worker, _)) => {
            worker.flush();
            let statistics = worker.statistics();
            worker.stop();
            statistics
        }
        None => Vec::new(),
    };
    let (tunnels, fragments) = reading_counts(&plan.reading, &burst.counts());
    let summary = Summary {
        elapsed_seconds: started.elapsed().as_secs_f64(),
        complete: damaged.is_none(),
        unread_link_types: unread,
        tunnels,
        fragments,
        ..Summary::new(&monitor, output.flows, &exporters)
    };
    if args.json {
        serde_json::to_writer(&mut output.out, &summary).map_err(io::Error::from)?;
        writeln!(output.out)?;
    } else if !args.records {
        write!(output.out, "{}", table(&summary))?;
    }
    output.out.flush()?;
    Ok(damaged.is_none())
}

/// Says on standard error which link types were not read, and which can be.
fn tell_unread(path: &Path, unread: &[UnreadLinkType]) {
    for link in unread {
        let name = link.name.as_ref().map(|name| format!(" ({name})"));
        let (name, number) = (name.unwrap_or_default(), link.number);
        let (path, packets) = (path.display(), link.packets);
        let s = if packets == 1 { "" } else { "s" };
        eprintln!(
            "flowd: {path}: link type {number}{name} is not read: {packets} packet{s} skipped"
        );
    }
    if !unread.is_empty() {
        let read: Vec<&str> = LinkType::names().collect();
        eprintln!("flowd: link types that are read: {}", read.join(", "));
    }
}

/// Returns what to meter and where to export it.
fn plan(args: &Request) -> anyhow::Result<MeterPlan> {
    let mut plan = match &args.config {
        Some((path, settings)) => settings
            .for_meter(args.monitor.as_deref())
            .map_err(|why| anyhow!("{}: {why}", path.display()))?,
        None => MeterPlan {
            name: "meter".into(),
            meter: meter::Settings {
                record: Record::netflow_original(),
                entries: ENTRIES,
                cache_type: CacheType::Normal,
                timeouts: TIMEOUTS,
                input: true,
                output: true,
                families: [true, true],
                sampler: None,
                statistics: KeptTables::default(),
            },
            reading: ReadOptions::default(),
            sampling: Sampling::None,
            exporters: Vec::new(),
        },
    };
    for tunnel in &args.decapsulate {
        plan.reading.tunnels = plan.reading.tunnels.with(*tunnel);
    }
    plan.reading.fragment_ports |= args.fragment_ports;
    for to in &args.to {
        let Some((host, port)) = to.rsplit_once(':') else {
            bail!("--to {to}: not HOST:PORT")
        };
        let mut export = exporter_defaults(
            &format!("--to {to}"),
            host.trim_start_matches('[').trim_end_matches(']'),
        );
        export.port = port
            .parse()
            .with_context(|| format!("--to {to}: not a port"))?;
        export.protocol = args.protocol;
        if plan.meter.record.is_bidirectional() && export.protocol != Protocol::Ipfix {
            bail!("--to {to}: only IPFIX can carry bidirectional flows: add --netflow 10");
        }
        plan.exporters.push(export);
    }
    Ok(plan)
}

fn start_export(
    plan: &MeterPlan,
    boot_ns: u64,
    now_ns: u64,
) -> anyhow::Result<Option<(export::Worker, Feed)>> {
    if plan.exporters.is_empty() {
        return Ok(None);
    }
    PRESENT_NS.store(now_ns, Ordering::Relaxed);
    let worker = export::Worker::start(
        Arc::new(|| PRESENT_NS.load(Ordering::Relaxed).into()),
        Arc::new(Vec::new),
        QUEUE,
    )?;
    let mut exporters = Vec::new();
    for export in &plan.exporters {
        let export = export::Settings {
            boot_ns,
            ..export.clone()
        };
        let prepared =
            export::prepare(&export).with_context(|| format!("exporter {}", export.name))?;
        exporters.push((export, Some(prepared)));
    }
    let monitor = export::Monitor {
        name: plan.name.clone(),
        exporters: plan
            .exporters
            .iter()
            .map(|export| export.name.clone())
            .collect(),
        layouts: plan.meter.record.layouts().into_iter().flatten().collect(),
        sampling: plan.sampling.clone(),
    };
    // There were no exporters before, so no statistics are returned.
    let _ = worker.apply(Plan {
        exporters,
        monitors: vec![monitor],
    });
    let feed = worker.feed(&plan.name);
    Ok(Some((worker, feed)))
}

fn progress(args: &Request, savefile: &Savefile) -> ProgressBar {
    if !std::io::stderr().is_terminal() || (args.records && stdout().is_terminal()) {
        return ProgressBar::hidden();
    }
    let Some(octets) = savefile.size() else {
        return ProgressBar::no_length();
    };
    let style =
        ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left");
    let bar = ProgressBar::new(octets);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// The destinations of flows: standard output and the export thread.
struct Output<'a> {
    records: bool,
    flows: u64,
    out: BufWriter<std::io::StdoutLock<'a>>,
}

impl Output<'_> {
    fn export_ready(
        &mut self,
        monitor: &mut Monitor,
        export: Option<&(export::Worker, Feed)>,
        now_ns: u64,
    ) -> anyhow::Result<()> {
        PRESENT_NS.fetch_max(now_ns, Ordering::Relaxed);
        monitor
            .drain()
            .try_for_each(|batch| self.export(batch, export))
    }

    fn export(
        &mut self,
        batch: Arc<Batch>,
        export: Option<&(export::Worker, Feed)>,
    ) -> anyhow::Result<()> {
        self.flows += batch.len() as u64;
        if self.records {
            self.print(&batch)?;
        }
        if let Some((_, feed)) = export {
            // Reading waits for the export thread, so nothing is dropped here.
            let _ = feed.deliver(batch);
        }
        Ok(())
    }

    /// Passes the time of a long gap between packets: flows are expired and exported when they would be on an interface.
    fn wait_through_gap(
        &mut self,
        monitor: &mut Monitor,
        export: Option<&(export::Worker, Feed)>,
        from_ns: u64,
        to_ns: u64,
    ) -> anyhow::Result<()> {
        let mut now_ns = from_ns;
        while now_ns < to_ns && !monitor.is_empty() {
            monitor.expire(now_ns);
            now_ns += SECOND_NS;
        }
        self.export_ready(monitor, export, now_ns)?;
        if let Some((worker, _)) = export {
            worker.flush();
        }
        Ok(())
    }

    fn print(&mut self, batch: &Arc<Batch>) -> anyhow::Result<()> {
        for flow in batch.iter() {
            serde_json::to_writer(&mut self.out, &flow::json::flow(&flow))
                .map_err(io::Error::from)?;
            self.out.write_all(b"\n")?;
        }
        Ok(())
    }
}

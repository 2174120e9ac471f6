//! `flowd meter`: the probe's own path on a savefile, with the savefile's clock.

mod summary;

use std::io::{BufWriter, IsTerminal, Write, stdout};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, anyhow, bail};
use capture::Savefile;
use export::{Feed, Plan, Protocol, Sampling};
use flow::{Batch, EndReason, Record};
use indicatif::{ProgressBar, ProgressStyle};
use meter::{Burst, CacheType, KeptTables, Monitor, ReadOptions};
use wire::{Family, Tunnel};

use service::clock;

use super::savefile::MeterPlan;
use super::settings::{Settings, TIMEOUTS, unconfigured};
use super::show::reading_counts;
use summary::{Summary, table};

/// Packets between two looks at the clock, the progress bar and the export channel.
const STRIDE: u64 = 4096;
/// Flows the cache holds without a configuration.
const ENTRIES: usize = 1 << 20;
/// The savefile starts this long after the "boot" that exported uptimes count from, so that packets out of order, as in
/// captures that were merged, are not before it.
const BEFORE_FIRST_NS: u64 = 3_600_000_000_000;
const SECOND_NS: u64 = 1_000_000_000;
/// A savefile without packets for longer than this is waited through.
const GAP_NS: u64 = 60_000_000_000;

/// The savefile's present, which the export thread reads as its clock.
static PRESENT_NS: AtomicU64 = AtomicU64::new(0);

/// Batches that may wait for the export thread.
const QUEUE: usize = 64;

/// What `flowd meter` is asked to do.
#[derive(Debug)]
pub struct Request {
    /// The savefile, pcap or pcapng.
    pub read: PathBuf,
    /// The configuration's file and what it says; `None`: one monitor with the record `netflow-original`.
    pub config: Option<(PathBuf, Settings)>,
    /// The monitor of the configuration to run; `None`: its only one.
    pub monitor: Option<String>,
    /// Collectors to export to, `HOST:PORT`.
    pub to: Vec<String>,
    /// The protocol they are spoken to in.
    pub protocol: Protocol,
    /// Kinds of tunnels whose inner packet is metered, beside those of the configuration.
    pub decapsulate: Vec<Tunnel>,
    /// Whether later fragments get the ports of their first.
    pub fragment_ports: bool,
    /// Whether each flow is printed as a line of JSON.
    pub records: bool,
    /// Whether the summary is printed as a line of JSON.
    pub json: bool,
}

/// Runs the command.
///
/// # Errors
/// When the savefile or the configuration cannot be read, or a collector cannot be sent to.
pub fn run(args: &Request) -> anyhow::Result<()> {
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
        // A new second has come: what came before is metered before its flows are aged. Packets may be out of order;
        // the present only goes forward.
        let mut second = |monitor: &mut Monitor, next_ns: u64, now_ns: u64| {
            if next_ns == 0 {
                let boot_ns = now_ns.saturating_sub(BEFORE_FIRST_NS) / 1_000_000 * 1_000_000;
                exporting = start_export(&plan, boot_ns, now_ns)?;
            } else if now_ns - next_ns > GAP_NS {
                output.wait(monitor, exporting.as_ref(), next_ns, now_ns)?;
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
        output.pass_on(&mut monitor, exporting.as_ref(), next_second_ns)?;
        progress.set_position(savefile.position());
    };
    monitor.burst(&mut burst);
    output.pass_on(&mut monitor, exporting.as_ref(), next_second_ns)?;
    let mut handed_on = Ok(());
    monitor.flush_to(EndReason::Forced, |batch| {
        if handed_on.is_ok() {
            handed_on = output.hand_on(batch, exporting.as_ref());
        }
    });
    handed_on?;
    progress.finish_and_clear();
    if let Some(error) = damaged {
        eprintln!("flowd: {error}; the packets before were metered");
    }
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
        tunnels,
        fragments,
        ..Summary::new(&monitor, output.flows, &exporters)
    };
    if args.json {
        serde_json::to_writer(&mut output.out, &summary)?;
        writeln!(output.out)?;
    } else if !args.records {
        write!(output.out, "{}", table(&summary))?;
    }
    output.out.flush()?;
    Ok(())
}

/// What to meter and where to send it.
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
        let mut export = unconfigured(
            &format!("--to {to}"),
            host.trim_start_matches('[').trim_end_matches(']'),
        );
        export.port = port
            .parse()
            .with_context(|| format!("--to {to}: not a port"))?;
        export.protocol = args.protocol;
        if plan.meter.record.is_bidirectional() && export.protocol != Protocol::Ipfix {
            bail!("--to {to}: only IPFIX has words for bidirectional flows: --netflow 10");
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
        layouts: [Family::V4, Family::V6]
            .into_iter()
            .filter_map(|family| plan.meter.record.layout(family))
            .collect(),
        sampling: plan.sampling.clone(),
    };
    // Nothing was there before, so nothing is retired.
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

/// Where flows go: standard output, and the export thread.
struct Output<'a> {
    records: bool,
    flows: u64,
    out: BufWriter<std::io::StdoutLock<'a>>,
}

impl Output<'_> {
    fn pass_on(
        &mut self,
        monitor: &mut Monitor,
        export: Option<&(export::Worker, Feed)>,
        now_ns: u64,
    ) -> anyhow::Result<()> {
        PRESENT_NS.fetch_max(now_ns, Ordering::Relaxed);
        monitor
            .drain()
            .try_for_each(|batch| self.hand_on(batch, export))
    }

    fn hand_on(
        &mut self,
        batch: Arc<Batch>,
        export: Option<&(export::Worker, Feed)>,
    ) -> anyhow::Result<()> {
        self.flows += batch.len() as u64;
        if self.records {
            self.print(&batch)?;
        }
        if let Some((_, feed)) = export {
            // A savefile waits for the exporter; nothing is dropped here.
            let _ = feed.deliver(batch);
        }
        Ok(())
    }

    /// Nothing came for a while: flows end, and leave, when they would have had this been an interface.
    fn wait(
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
        self.pass_on(monitor, export, now_ns)?;
        if let Some((worker, _)) = export {
            worker.flush();
        }
        Ok(())
    }

    fn print(&mut self, batch: &Arc<Batch>) -> anyhow::Result<()> {
        for flow in batch.iter() {
            serde_json::to_writer(&mut self.out, &flow::json::flow(&flow))?;
            self.out.write_all(b"\n")?;
        }
        Ok(())
    }
}

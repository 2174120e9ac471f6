//! What the host and this process use: processors, memory, file descriptors, the disk with the state.

use std::fs;
use std::path::Path;

use nix::sys::statvfs::statvfs;
use nix::unistd::{SysconfVar, sysconf};
use service::metric::{Family, Labels, Value};

/// Returns metrics of the host and of this process. `state` is the daemon's directory. What cannot be read is left out.
pub(crate) fn families(state: Option<&Path>) -> Vec<Family> {
    let ticks = constant(SysconfVar::CLK_TCK);
    let page = constant(SysconfVar::PAGE_SIZE);
    let mut all = Vec::new();
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    all.extend(processors(&stat, ticks));
    let own = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    all.extend(process(&own, &stat, ticks, page));
    all.extend(memory(
        &fs::read_to_string("/proc/meminfo").unwrap_or_default(),
    ));
    if let Some(open) = descriptors() {
        all.push(gauge(
            "process_open_fds",
            "Open file descriptors of flowd",
            open,
        ));
    }
    if let Some(disk) = state.and_then(|state| statvfs(state).ok()) {
        let block = disk.fragment_size();
        all.push(gauge(
            "flowd_state_filesystem_size_bytes",
            "Size of the file system with flowd's state",
            disk.blocks() * block,
        ));
        all.push(gauge(
            "flowd_state_filesystem_available_bytes",
            "Room that flowd has on the file system with its state",
            disk.blocks_available() * block,
        ));
    }
    all
}

/// Returns how many file descriptors are open. Since Linux 6.2 that is the directory's size, which costs nothing to read.
fn descriptors() -> Option<u64> {
    const FOLDER: &str = "/proc/self/fd";
    match fs::metadata(FOLDER).ok()?.len() {
        // The directory itself is open while it is read.
        0 => Some((fs::read_dir(FOLDER).ok()?.count() as u64).saturating_sub(1)),
        open => Some(open),
    }
}

fn constant(name: SysconfVar) -> f64 {
    let value = sysconf(name).ok().flatten().unwrap_or(1);
    value as f64
}

fn gauge(name: &'static str, help: &'static str, value: impl Into<Value>) -> Family {
    Family::gauge(name, help).with(&[], value)
}

/// Reads the first line of `/proc/stat` (proc(5)): the time of all processors by what they did.
fn processors(stat: &str, ticks: f64) -> Option<Family> {
    let mut family = Family::counter(
        "flowd_host_cpu_seconds",
        "Time of the host's processors, by what they did",
    );
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let modes = [
        "user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal",
    ];
    for (mode, time) in modes.iter().zip(line.split_whitespace()) {
        family.add(
            &Labels::of(&[("mode", mode)]),
            time.parse::<f64>().ok()? / ticks,
        );
    }
    Some(family)
}

/// Reads `/proc/self/stat` (proc(5)). The names of these metrics are Prometheus' own.
fn process(own: &str, stat: &str, ticks: f64, page: f64) -> Vec<Family> {
    // The name of the program, in parentheses, may have blanks.
    let Some((_, rest)) = own.rsplit_once(')') else {
        return Vec::new();
    };
    let fields: Vec<f64> = rest
        .split_whitespace()
        .map(|field| field.parse().unwrap_or(0.0))
        .collect();
    // The first of them is field 3 of proc(5).
    let field = |number: usize| fields.get(number - 3).copied().unwrap_or(0.0);
    let boot = stat.lines().find_map(|line| line.strip_prefix("btime "));
    let boot: f64 = boot.and_then(|time| time.parse().ok()).unwrap_or(0.0);
    vec![
        Family::counter(
            "process_cpu_seconds",
            "Processor time of flowd, user and system",
        )
        .with(&[], (field(14) + field(15)) / ticks),
        gauge("process_threads", "Threads of flowd", field(20)),
        gauge(
            "process_start_time_seconds",
            "When flowd started, in seconds since 1970",
            boot + field(22) / ticks,
        ),
        gauge(
            "process_virtual_memory_bytes",
            "Virtual memory of flowd",
            field(23),
        ),
        gauge(
            "process_resident_memory_bytes",
            "Resident memory of flowd",
            field(24) * page,
        ),
    ]
}

/// Reads `/proc/meminfo` (proc(5)), whose kB are 1,024 octets.
fn memory(meminfo: &str) -> Vec<Family> {
    let bytes = |name: &str| {
        let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
        let number = line.strip_prefix(':')?.split_whitespace().next()?;
        number.parse::<u64>().ok().map(|kib| kib * 1024)
    };
    let total = bytes("MemTotal")
        .map(|bytes| gauge("flowd_host_memory_size_bytes", "Memory of the host", bytes));
    let free = bytes("MemAvailable").map(|bytes| {
        gauge(
            "flowd_host_memory_available_bytes",
            "Memory of the host that programs can still have",
            bytes,
        )
    });
    total.into_iter().chain(free).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_proc_are_read() {
        let stat = "cpu  100 0 50 1000 10 0 5 0 0 0\ncpu0 1\nbtime 1700000000\n";
        let family = processors(stat, 100.0).unwrap();
        assert_eq!(family.samples.len(), 8);
        assert_eq!(family.samples[3].value, Value::Real(10.0));
        let own = "42 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 300 200 0 0 20 0 11 0 500 4096 7 1";
        let all = process(own, stat, 100.0, 4096.0);
        let values: Vec<Value> = all.iter().map(|family| family.samples[0].value).collect();
        let expected = [5.0, 11.0, 1_700_000_005.0, 4096.0, 7.0 * 4096.0];
        assert_eq!(values, expected.map(Value::Real));
        assert!(process("", "", 1.0, 1.0).is_empty());
        let memory = memory("MemTotal:       24000 kB\nMemFree: 1 kB\nMemAvailable:   12000 kB\n");
        assert_eq!(memory[1].samples[0].value, Value::Integer(12_000 * 1024));
        assert!(!families(Some(Path::new("/"))).is_empty());
    }
}

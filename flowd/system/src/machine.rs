//! What the host is, and what the host and this process use: machine, system, uptime, memory, threads (proc(5)).

use std::fs;
use std::io;

use api::host::{Machine, Memory, Processes, Thread};

/// The ticks per second in which proc(5) counts processor time (`USER_HZ`); every architecture of today has these.
const TICKS_PER_SECOND: u64 = 100;

/// Returns the host's machine and operating system. What the host does not tell is empty.
pub fn machine() -> Machine {
    let dmi = |name: &str| fs::read_to_string(format!("/sys/class/dmi/id/{name}")).ok();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let release = fs::read_to_string("/etc/os-release")
        .or_else(|_| fs::read_to_string("/usr/lib/os-release"))
        .unwrap_or_default();
    Machine {
        operating_system: pretty_name(&release).unwrap_or_default(),
        kernel: kernel.trim().to_owned(),
        architecture: std::env::consts::ARCH.to_owned(),
        hardware: hardware(dmi("sys_vendor"), dmi("product_name")),
        uptime_seconds: uptime_ms().unwrap_or_default() / 1000,
    }
}

/// Returns what memory the host and this process use.
///
/// # Errors
/// The kernel does not tell.
pub fn memory() -> io::Result<Memory> {
    let (host, own) = (
        fs::read_to_string("/proc/meminfo")?,
        fs::read_to_string("/proc/self/status")?,
    );
    let (host, own) = (
        |name| kibibytes(&host, name).unwrap_or_default(),
        |name| kibibytes(&own, name).unwrap_or_default(),
    );
    Ok(Memory {
        total: host("MemTotal"),
        free: host("MemFree"),
        available: host("MemAvailable"),
        swap_total: host("SwapTotal"),
        swap_free: host("SwapFree"),
        resident: own("VmRSS"),
        resident_peak: own("VmHWM"),
        address_space: own("VmSize"),
    })
}

/// Returns the processors' load and the threads of this process, those with the most processor time first.
///
/// # Errors
/// The kernel does not tell.
pub fn processes() -> io::Result<Processes> {
    let uptime = uptime_ms()?;
    let mut threads = Vec::new();
    for task in fs::read_dir("/proc/self/task")? {
        // A thread may end meanwhile.
        let Ok(stat) = fs::read_to_string(task?.path().join("stat")) else {
            continue;
        };
        threads.extend(thread(&stat, uptime));
    }
    threads.sort_by(|a: &Thread, b| {
        b.cpu_seconds
            .total_cmp(&a.cpu_seconds)
            .then(a.id.cmp(&b.id))
    });
    Ok(Processes {
        processors: std::thread::available_parallelism()?.get() as u64,
        load: load(&fs::read_to_string("/proc/loadavg")?).unwrap_or_default(),
        threads,
    })
}

fn uptime_ms() -> io::Result<u64> {
    let text = fs::read_to_string("/proc/uptime")?;
    let seconds = text.split(' ').next().and_then(|first| first.parse().ok());
    let seconds: f64 = seconds.ok_or(io::ErrorKind::InvalidData)?;
    Ok(std::time::Duration::from_secs_f64(seconds).as_millis() as u64)
}

/// Reads the name of an operating system from an os-release(5) file.
fn pretty_name(release: &str) -> Option<String> {
    let line = release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(line.trim_matches(['"', '\'']).to_owned())
}

/// Joins a machine's vendor and model; what the firmware leaves open is left out.
fn hardware(vendor: Option<String>, model: Option<String>) -> Option<String> {
    let known = [vendor, model].into_iter().flatten();
    let known: Vec<String> = known.map(|text| text.trim().to_owned()).collect();
    let known: Vec<&str> = known
        .iter()
        .map(String::as_str)
        .filter(|text| !text.is_empty())
        .collect();
    (!known.is_empty()).then(|| known.join(" "))
}

/// Reads a line such as `VmRSS:  1024 kB`, in octets.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let number: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    number.checked_mul(1024)
}

/// Reads the averages of /proc/loadavg.
fn load(text: &str) -> Option<[f64; 3]> {
    let mut averages = text.split(' ').map_while(|word| word.parse().ok());
    Some([averages.next()?, averages.next()?, averages.next()?])
}

/// Reads the `stat` file of a thread. The host was started `uptime` milliseconds ago.
fn thread(stat: &str, uptime: u64) -> Option<Thread> {
    // The name stands in parentheses, and may have some of its own.
    let (id, rest) = stat.split_once(" (")?;
    let (name, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    // From the third field on, the state.
    let number = |at: usize| fields.get(at - 3)?.parse::<u64>().ok();
    let ms = |ticks: u64| ticks.saturating_mul(1000 / TICKS_PER_SECOND);
    let cpu = ms(number(14)?.saturating_add(number(15)?)) as f64;
    let age = uptime.saturating_sub(ms(number(22)?)).max(1) as f64;
    Some(Thread {
        id: id.parse().ok()?,
        name: name.to_owned(),
        state: fields.first()?.to_string(),
        cpu_seconds: cpu / 1e3,
        cpu_percent: 100.0 * cpu / age,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_read_whatever_its_name() {
        let stat =
            "17 (a) b (c) S 1 17 17 0 -1 4194560 9 0 0 0 250 50 0 0 20 0 1 0 1000 4096 7 184467";
        let thread = thread(stat, 25_000).unwrap();
        let named = (thread.id, thread.name.as_str(), thread.state.as_str());
        assert_eq!(named, (17, "a) b (c", "S"));
        assert_eq!((thread.cpu_seconds, thread.cpu_percent), (3.0, 20.0));
        assert!(super::thread("17 (x) S 1", 0).is_none());
    }

    #[test]
    fn lines_of_proc_are_read() {
        let text =
            "MemTotal:       16 kB\nMemTotalX: 3 kB\nVmRSS:\t  4 kB\nHugePages_Total:       0\n";
        assert_eq!(kibibytes(text, "MemTotal"), Some(16 << 10));
        assert_eq!(kibibytes(text, "VmRSS"), Some(4 << 10));
        assert_eq!(kibibytes(text, "HugePages_Total"), None);
        assert_eq!(load("0.10 0.20 1.50 1/99 7\n"), Some([0.1, 0.2, 1.5]));
        assert_eq!(load("0.10 x"), None);
        let release = "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";
        assert_eq!(
            pretty_name(release).as_deref(),
            Some("Debian GNU/Linux 12 (bookworm)")
        );
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            hardware(some("QEMU\n"), some("Standard PC\n")),
            some("QEMU Standard PC")
        );
        assert_eq!(hardware(some(" \n"), None), None);
    }

    #[test]
    fn this_host_tells() {
        let machine = machine();
        assert!(
            !machine.kernel.is_empty() && machine.uptime_seconds > 0,
            "{machine:?}"
        );
        let memory = memory().unwrap();
        assert!(
            memory.total > memory.resident && memory.resident > 0,
            "{memory:?}"
        );
        let processes = processes().unwrap();
        assert!(
            processes.processors > 0 && !processes.threads.is_empty(),
            "{processes:?}"
        );
    }
}

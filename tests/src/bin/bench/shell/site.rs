//! Configurations of a size, always of the same proportions.

use std::fmt::Write;

/// Of a hundred nodes so many are what.
const EXPORTERS: usize = 10;
const RECEIVERS: usize = 10;
const MONITORS: usize = 5;
/// Receivers that share a samplicator.
const SHARE: usize = 100;
/// Of so many monitors one is on the interface.
const ATTACHED: usize = 50;

/// What a configuration of about `nodes` nodes has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site {
    pub(crate) exporters: usize,
    pub(crate) receivers: usize,
    pub(crate) monitors: usize,
}

impl Site {
    /// 1,000 exporters, 1,000 receivers and 500 monitors at 10,000 nodes.
    pub(crate) fn of(nodes: usize) -> Site {
        Site {
            exporters: nodes * EXPORTERS / 100,
            receivers: nodes * RECEIVERS / 100,
            monitors: nodes * MONITORS / 100,
        }
    }

    /// An exporter's name.
    pub(crate) fn exporter(number: usize) -> String {
        format!("E{number:05}")
    }

    /// A monitor's name.
    pub(crate) fn monitor(number: usize) -> String {
        format!("M{number:05}")
    }

    /// The whole of it in braces, as `save` would write it.
    pub(crate) fn text(&self) -> String {
        let mut out = String::from("flow {\n");
        // Writing to a String cannot fail.
        self.write(&mut out).unwrap_or_default();
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        for number in 0..self.exporters {
            writeln!(
                out,
                "    exporter {} {{\n        destination {}\n        export-protocol ipfix\n        transport {{\n            udp {}\n        }}\n    }}",
                Site::exporter(number),
                address(10, number),
                9000 + number % 100,
            )?;
        }
        for number in 0..self.monitors {
            let exporter = |which| Site::exporter((2 * number + which) % self.exporters.max(1));
            writeln!(
                out,
                "    monitor {} {{\n        description \"customer {number}\"\n        cache {{\n            timeout {{\n                active {}\n            }}\n        }}\n        exporter {}\n        exporter {}\n        record netflow-original\n    }}",
                Site::monitor(number),
                60 + number % 60,
                exporter(0),
                exporter(1),
            )?;
        }
        for (samplicator, first) in (0..self.receivers).step_by(SHARE).enumerate() {
            writeln!(
                out,
                "    samplicator S{samplicator:03} {{\n        port {}",
                20_000 + samplicator
            )?;
            for number in first..self.receivers.min(first + SHARE) {
                writeln!(
                    out,
                    "        receiver R{number:05} {{\n            address {}\n            port {}\n        }}",
                    address(11, number),
                    2055 + number % 10,
                )?;
            }
            writeln!(out, "    }}")?;
        }
        writeln!(
            out,
            "}}\ninterfaces {{\n    ethernet {} {{\n        flow {{",
            super::INTERFACE
        )?;
        for number in (0..self.monitors).step_by(ATTACHED) {
            writeln!(
                out,
                "            monitor {} {{\n            }}",
                Site::monitor(number)
            )?;
        }
        writeln!(out, "        }}\n    }}\n}}")
    }
}

fn address(network: u8, number: usize) -> String {
    let [_, b, c, d] = (number as u32 + 1).to_be_bytes();
    format!("{network}.{b}.{c}.{d}")
}

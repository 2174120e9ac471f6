//! Writes savefiles with nanosecond times (draft-ietf-opsawg-pcap).

use std::fs;
use std::path::Path;

/// Writes a savefile of Ethernet frames, each with its time in nanoseconds since 1970.
///
/// # Panics
/// When the file cannot be written.
pub fn write<'a>(path: &Path, frames: impl Iterator<Item = (u64, &'a [u8])>) {
    let mut file = Vec::new();
    file.extend(0xa1b2_3c4du32.to_le_bytes());
    file.extend([2, 0, 4, 0]);
    file.extend([0; 8]);
    file.extend(262_144u32.to_le_bytes());
    file.extend(1u32.to_le_bytes());
    for (time_ns, frame) in frames {
        file.extend(((time_ns / 1_000_000_000) as u32).to_le_bytes());
        file.extend(((time_ns % 1_000_000_000) as u32).to_le_bytes());
        file.extend((frame.len() as u32).to_le_bytes());
        file.extend((frame.len() as u32).to_le_bytes());
        file.extend(frame);
    }
    fs::write(path, file).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

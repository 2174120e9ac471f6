//! Reads the files of nfdump 1.7 (layout 2): nfcapd's and its relatives' records, with exporters, samplers and names.
//!
//! A file is a header, blocks of records, and blocks with its statistics; each block may be compressed. Numbers have the
//! byte order of the machine that wrote them, which is little-endian here. Pure: octets in, records out, nothing is
//! allocated for a record.
//!
//! Source: nfdump's headers `nffileV2.h`, `nfxV3.h`, `exporter.h`. What the fields of a flow mean is in [`extension`].

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::cast_possible_truncation
    )
)]

mod block;
pub mod extension;
mod fields;
mod lzo;
mod record;

pub use block::{Block, Records};
pub use record::{
    Application, Applications, Exporter, ExporterStatistics, Extension, Flow, Name, Names, Record,
    Sampler, Statistics,
};

use fields::Fields;
use thiserror::Error;

/// The first octets of a file.
const MAGIC: u16 = 0xa50c;
/// The layout that is read.
const LAYOUT: u16 = 2;
/// Where the compression of the blocks is.
const COMPRESSION_AT: usize = 16;
/// Where the kind of encryption is.
const ENCRYPTION_AT: usize = 17;
/// Where the program that wrote the file is.
const CREATOR_AT: usize = 20;
/// Where the place of the statistics is.
const APPENDIX_AT: usize = 24;
/// Octets of the file header.
const HEADER_LEN: usize = 40;

/// Why a file, a block or a record cannot be read. Offsets are octets from the start of the file, or of the decompressed
/// block for records.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Error {
    /// The file does not start as nfdump's do.
    #[error("this is no nfdump file")]
    NotNfdump,
    /// The file is of nfdump 1.6 or older.
    #[error(
        "a file of layout {0}, as nfdump 1.6 writes it; nfdump 1.7 converts it: nfdump -r OLD -w NEW"
    )]
    OldLayout(u16),
    /// The file is of nfdump 1.8 or newer.
    #[error(
        "a file of layout {0}, as nfdump 1.8 writes it; its flows can be sent here: nfreplay -r FILE -H HOST -p PORT"
    )]
    NewLayout(u16),
    /// The file has a record of nfdump 1.8 or newer.
    #[error(
        "a record of type {0}, as nfdump 1.8 writes it; its flows can be sent here: nfreplay -r FILE -H HOST -p PORT"
    )]
    NewRecord(u16),
    /// The file was written by a machine of the other byte order.
    #[error("the file was written by a big-endian machine")]
    ByteOrder,
    /// The file is encrypted.
    #[error("the file is encrypted")]
    Encrypted,
    /// The compression is not known.
    #[error("compression {0} is not known")]
    Compression(u8),
    /// The file, block or record ends too early.
    #[error("offset {offset}: {needed} octets expected, {left} left")]
    Truncated {
        /// Where.
        offset: usize,
        /// Octets expected.
        needed: usize,
        /// Octets left.
        left: usize,
    },
    /// A block cannot be decompressed, or is larger than [`MAX_BLOCK`].
    #[error("offset {offset}: a block of {len} octets that cannot be decompressed")]
    Damaged {
        /// Where.
        offset: usize,
        /// Octets of the block in the file.
        len: usize,
    },
    /// A record's length is impossible.
    #[error("offset {offset}: record length {len}")]
    RecordLength {
        /// Where.
        offset: usize,
        /// The length.
        len: u16,
    },
}

/// Most octets of a decompressed block. nfdump's own are of 1 MiB and not above 5.
pub const MAX_BLOCK: usize = 16 << 20;

/// A file whose header has been read.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    octets: &'a [u8],
    /// How blocks are compressed.
    pub compression: Compression,
    /// The version of nfdump that wrote it, as 0x01070100 for 1.7.1.
    pub version: u32,
    /// When it was written, in seconds since 1970.
    pub created: u64,
    /// The program that wrote it: 1 nfcapd, 2 nfpcapd, 3 sfcapd, 4 nfdump, 5 nfanon, 6 nfprofile.
    pub creator: u32,
    appendix: usize,
}

/// How the blocks of a file are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// LZO1X-1.
    Lzo,
    /// bzip2.
    Bzip2,
    /// LZ4, without frames.
    Lz4,
    /// Zstandard.
    Zstd,
}

impl TryFrom<u8> for Compression {
    type Error = Error;

    fn try_from(number: u8) -> Result<Compression, Error> {
        Ok(match number {
            0 => Compression::None,
            1 => Compression::Lzo,
            2 => Compression::Bzip2,
            3 => Compression::Lz4,
            4 => Compression::Zstd,
            other => return Err(Error::Compression(other)),
        })
    }
}

/// Whether a file starts as nfdump's do, of whichever layout and byte order.
pub fn is_nfdump(octets: &[u8]) -> bool {
    let magic = octets.first_chunk();
    magic.is_some_and(|magic| [MAGIC.to_le_bytes(), MAGIC.to_be_bytes()].contains(magic))
}

impl<'a> File<'a> {
    /// Reads the header of a file.
    ///
    /// # Errors
    /// It is no file of nfdump's, of another layout, or cannot be read for one of the other reasons.
    pub fn parse(octets: &'a [u8]) -> Result<File<'a>, Error> {
        let header = Fields::new(octets);
        if !is_nfdump(octets) {
            return Err(Error::NotNfdump);
        }
        if header.u16(0) != Some(MAGIC) {
            return Err(Error::ByteOrder);
        }
        match header.u16(2).ok_or_else(|| header.short(HEADER_LEN))? {
            LAYOUT => {}
            old @ 0..LAYOUT => return Err(Error::OldLayout(old)),
            new => return Err(Error::NewLayout(new)),
        }
        let read = || {
            Some((
                header.u8(COMPRESSION_AT)?,
                header.u8(ENCRYPTION_AT)?,
                header.u64(APPENDIX_AT)?,
                header.u32(4)?,
                header.u64(8)?,
                header.u32(CREATOR_AT)?,
            ))
        };
        let short = header.short(HEADER_LEN);
        if octets.len() < HEADER_LEN {
            return Err(short);
        }
        let (compression, encryption, appendix, version, created, creator) = read().ok_or(short)?;
        if encryption != 0 {
            return Err(Error::Encrypted);
        }
        Ok(File {
            octets,
            compression: compression.try_into()?,
            version,
            created,
            creator,
            appendix: usize::try_from(appendix).unwrap_or(usize::MAX),
        })
    }

    /// The blocks of the file, its statistics last. One that is damaged does not affect the ones behind it.
    pub fn blocks(&self) -> impl Iterator<Item = Result<Block<'a>, Error>> + use<'a> {
        block::blocks(self.octets, HEADER_LEN, self.compression)
    }

    /// Where the file's statistics start; 0 while it is being written.
    pub fn appendix(&self) -> usize {
        self.appendix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(layout: u16, compression: u8, encryption: u8) -> Vec<u8> {
        let mut header = vec![0x0c, 0xa5];
        header.extend(layout.to_le_bytes());
        header.extend([0, 1, 7, 1]);
        header.extend(1_700_000_000u64.to_le_bytes());
        header.extend([compression, encryption, 0, 0, 1, 0, 0, 0]);
        header.extend([0; 16]);
        header
    }

    #[test]
    fn files_of_other_kinds_are_refused_with_the_way_out() {
        let error = |octets: &[u8]| File::parse(octets).unwrap_err().to_string();
        assert_eq!(error(b"PK"), "this is no nfdump file");
        assert_eq!(error(&[]), "this is no nfdump file");
        assert!(error(&header(1, 0, 0)).contains("nfdump -r OLD -w NEW"));
        assert!(error(&header(3, 0, 0)).contains("nfreplay"));
        assert_eq!(error(&header(2, 5, 0)), "compression 5 is not known");
        assert_eq!(error(&header(2, 0, 1)), "the file is encrypted");
        let mut swapped = header(2, 0, 0);
        swapped.swap(0, 1);
        assert_eq!(
            error(&swapped),
            "the file was written by a big-endian machine"
        );
        assert_eq!(
            error(&header(2, 0, 0)[..39]),
            "offset 0: 40 octets expected, 39 left"
        );
        assert_eq!(
            error(&[0x0c, 0xa5, 2]),
            "offset 0: 40 octets expected, 3 left"
        );
    }

    #[test]
    fn a_header_by_its_octets() {
        let octets = header(2, 3, 0);
        let file = File::parse(&octets).unwrap();
        assert_eq!(
            (file.compression, file.version),
            (Compression::Lz4, 0x0107_0100)
        );
        assert_eq!(
            (file.created, file.creator, file.appendix()),
            (1_700_000_000, 1, 0)
        );
        assert_eq!(file.blocks().count(), 0);
    }
}

//! Blocks of records, decompressed into a buffer that the caller keeps.

use std::io::Read;

use crate::fields::Fields;
use crate::record::Record;
use crate::{Compression, Error, MAX_BLOCK, lzo};

/// Octets of a block header.
const HEADER_LEN: usize = 12;
/// Where the length of the block is, without its header.
const SIZE_AT: usize = 4;
/// Where the kind of block is.
const KIND_AT: usize = 8;
/// Where the flags of the block are.
const FLAGS_AT: usize = 10;
/// The flag of a block that is not compressed, whatever the file is.
const UNCOMPRESSED: u16 = 1;
/// The kind of blocks that have records with a header each.
const RECORDS: u16 = 3;

/// A block of records.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// Number of records that its header announces.
    pub count: u32,
    kind: u16,
    compression: Compression,
    body: Fields<'a>,
}

/// The blocks of a file from `at` on.
pub(crate) fn blocks(
    file: &[u8],
    at: usize,
    compression: Compression,
) -> impl Iterator<Item = Result<Block<'_>, Error>> {
    let mut rest = Fields::new(file).from(at);
    std::iter::from_fn(move || {
        if rest.len() == 0 {
            return None;
        }
        let block = Block::read(rest, compression);
        rest = match &block {
            Ok(block) => rest.from(HEADER_LEN + block.body.len()),
            // Where the next block starts cannot be told.
            Err(_) => rest.from(rest.len()),
        };
        Some(block)
    })
}

impl<'a> Block<'a> {
    fn read(start: Fields<'a>, compression: Compression) -> Result<Block<'a>, Error> {
        let header = || {
            Some((
                start.u32(0)?,
                start.u32(SIZE_AT)?,
                start.u16(KIND_AT)?,
                start.u16(FLAGS_AT)?,
            ))
        };
        let (count, size, kind, flags) = header().ok_or_else(|| start.short(HEADER_LEN))?;
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let compression = if flags & UNCOMPRESSED == 0 {
            compression
        } else {
            Compression::None
        };
        Ok(Block {
            count,
            kind,
            compression,
            body: start.from(HEADER_LEN).first(size)?,
        })
    }

    /// The records of the block, decompressed into `buffer` if need be.
    ///
    /// # Errors
    /// The block cannot be decompressed.
    pub fn records<'b>(&self, buffer: &'b mut Vec<u8>) -> Result<Records<'b>, Error>
    where
        'a: 'b,
    {
        let octets = match self.compression {
            Compression::None => self.body.octets,
            compression => {
                buffer.clear();
                let damaged = Error::Damaged {
                    offset: self.body.offset,
                    len: self.body.len(),
                };
                decompress(compression, self.body.octets, buffer).ok_or(damaged)?;
                buffer
            }
        };
        // Blocks of another kind are arrays of statistics that nfdump itself has not written yet.
        let octets = if self.kind == RECORDS { octets } else { &[] };
        Ok(Records {
            rest: Fields::new(octets),
        })
    }
}

/// Decompresses behind `out`, which is empty. `None`: it cannot be, or is larger than [`MAX_BLOCK`].
fn decompress(compression: Compression, input: &[u8], out: &mut Vec<u8>) -> Option<()> {
    match compression {
        Compression::None => out.extend_from_slice(input),
        Compression::Lzo => lzo::decompress(input, out, MAX_BLOCK)?,
        Compression::Bzip2 => bounded(bzip2::read::BzDecoder::new(input), out)?,
        Compression::Zstd => bounded(zstd::stream::read::Decoder::with_buffer(input).ok()?, out)?,
        Compression::Lz4 => {
            // An LZ4 block does not say how long it is. A byte makes at most 255.
            let mut room = input.len().saturating_mul(8).clamp(1 << 20, MAX_BLOCK);
            loop {
                out.resize(room, 0);
                match lz4_flex::block::decompress_into(input, out) {
                    Ok(len) => {
                        out.truncate(len);
                        break;
                    }
                    Err(lz4_flex::block::DecompressError::OutputTooSmall { .. })
                        if room < MAX_BLOCK =>
                    {
                        room = room.saturating_mul(4).min(MAX_BLOCK);
                    }
                    Err(_) => return None,
                }
            }
        }
    }
    Some(())
}

fn bounded(reader: impl Read, out: &mut Vec<u8>) -> Option<()> {
    let limit = u64::try_from(MAX_BLOCK).unwrap_or(u64::MAX);
    reader.take(limit + 1).read_to_end(out).ok()?;
    (out.len() <= MAX_BLOCK).then_some(())
}

/// Iterator over the records of a block. One with an impossible length ends it.
#[derive(Clone, Copy, Debug)]
pub struct Records<'a> {
    rest: Fields<'a>,
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, Error>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.len() == 0 {
            return None;
        }
        let (record, len) = match Record::split(self.rest) {
            Ok((kind, octets)) => (Record::read(kind, octets), octets.len()),
            Err(error) => (Err(error), self.rest.len()),
        };
        self.rest = self.rest.from(len);
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(size: u32, flags: u16, body: &[u8]) -> Vec<u8> {
        let mut block = vec![1, 0, 0, 0];
        block.extend(size.to_le_bytes());
        block.extend([3, 0]);
        block.extend(flags.to_le_bytes());
        block.extend(body);
        block
    }

    /// A record of the file's identification.
    const IDENT: [u8; 8] = [1, 0x80, 8, 0, b'c', b'o', b'r', b'e'];

    #[test]
    fn blocks_of_every_compression_are_read() {
        let bzip2 = {
            let mut out = Vec::new();
            let mut encoder = bzip2::read::BzEncoder::new(&IDENT[..], bzip2::Compression::fast());
            encoder.read_to_end(&mut out).unwrap();
            out
        };
        let zstd = zstd::stream::encode_all(&IDENT[..], 1).unwrap();
        let lz4 = lz4_flex::block::compress(&IDENT);
        let lzo = [&[17 + 8][..], &IDENT, &[17, 0, 0]].concat();
        for (compression, body) in [
            (Compression::None, IDENT.to_vec()),
            (Compression::Lzo, lzo),
            (Compression::Bzip2, bzip2),
            (Compression::Lz4, lz4),
            (Compression::Zstd, zstd),
        ] {
            // Twice, then one that is not compressed.
            let whole = block(body.len() as u32, 0, &body);
            let plain = block(8, UNCOMPRESSED, &IDENT);
            let file = [&whole[..], &whole, &plain].concat();
            let mut buffer = Vec::new();
            let mut found = 0;
            for block in blocks(&file, 0, compression) {
                for record in block.unwrap().records(&mut buffer).unwrap() {
                    assert!(
                        matches!(record, Ok(Record::Identification(b"core"))),
                        "{record:?}"
                    );
                    found += 1;
                }
            }
            assert_eq!(found, 3, "{compression:?}");
            // A damaged block costs itself.
            if compression != Compression::None {
                let mut damaged = whole.clone();
                damaged[HEADER_LEN..].fill(0xff);
                let file = [damaged, whole].concat();
                let read: Vec<bool> = blocks(&file, 0, compression)
                    .map(|block| block.unwrap().records(&mut buffer).is_ok())
                    .collect();
                assert_eq!(read, [false, true], "{compression:?}");
            }
        }
    }

    #[test]
    fn a_block_beyond_the_end_is_an_error_with_its_place() {
        let file = [&block(8, 0, &IDENT)[..], &block(9, 0, &IDENT)].concat();
        let read: Vec<_> = blocks(&file, 0, Compression::None).collect();
        assert!(read.len() == 2 && read[0].is_ok());
        let error = read[1].as_ref().unwrap_err().to_string();
        assert_eq!(error, "offset 32: 9 octets expected, 8 left");
        let error = blocks(&file[..25], 0, Compression::None)
            .last()
            .unwrap()
            .unwrap_err();
        assert_eq!(error.to_string(), "offset 20: 12 octets expected, 5 left");
    }

    #[test]
    fn no_block_becomes_larger_than_its_bound() {
        let bomb = vec![0; MAX_BLOCK + 1];
        let zstd = zstd::stream::encode_all(&bomb[..], 1).unwrap();
        let lz4 = lz4_flex::block::compress(&bomb);
        for (compression, body) in [(Compression::Zstd, zstd), (Compression::Lz4, lz4)] {
            let file = block(body.len() as u32, 0, &body);
            let mut buffer = Vec::new();
            let block = blocks(&file, 0, compression).next().unwrap().unwrap();
            assert!(matches!(
                block.records(&mut buffer),
                Err(Error::Damaged { .. })
            ));
        }
        // The largest that is allowed.
        let body = lz4_flex::block::compress(&bomb[1..]);
        let mut out = Vec::new();
        assert_eq!(decompress(Compression::Lz4, &body, &mut out), Some(()));
        assert_eq!(out.len(), MAX_BLOCK);
    }
}

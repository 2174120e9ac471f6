//! What the formats without templates have in common (NetFlow v1, v5, v7): a header with a record count, then records of one
//! length.

use crate::reader::{DecodeError, Problem, Reader};
use crate::writer::{Full, Writer};

/// The records of a datagram, at most as many as its header announces, followed by an error if that count contradicts the
/// datagram's length.
pub(crate) fn records<'a, const LEN: usize, R>(
    body: Reader<'a>,
    count: u16,
    read: fn(&[u8; LEN]) -> R,
) -> impl Iterator<Item = Result<R, DecodeError>> + use<'a, LEN, R> {
    let (records, _) = body.rest().as_chunks::<LEN>();
    let whole = records
        .iter()
        .take(count.into())
        .map(move |bytes| Ok(read(bytes)));
    let octets = body.left();
    let problem = Problem::Count {
        counted: count,
        octets,
    };
    let wrong = usize::from(count) * LEN != octets;
    whole.chain(wrong.then_some(Err(body.error(problem))))
}

/// Reads version and record count.
pub(crate) fn start(reader: &mut Reader, expected: u16) -> Result<u16, DecodeError> {
    let start = *reader;
    match reader.u16()? {
        version if version == expected => reader.u16(),
        version => Err(start.error(Problem::Version(version))),
    }
}

/// Packs records of `RECORD` octets behind the space reserved for a header of `HEADER`.
#[derive(Clone, Debug)]
pub(crate) struct Packing<const HEADER: usize, const RECORD: usize> {
    out: Writer,
    count: u16,
}

impl<const HEADER: usize, const RECORD: usize> Packing<HEADER, RECORD> {
    /// Creates a packer of datagrams of at most `limit` octets of UDP payload and `most` records.
    pub(crate) fn new(limit: usize, most: usize) -> Self {
        let mut out = Writer::new(limit.min(HEADER + most * RECORD));
        if out.put_zeros(HEADER).is_err() {
            // The limit has no room for a header: such a packer refuses every record.
            out = Writer::new(0);
        }
        Packing { out, count: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.out.len()
    }

    pub(crate) fn count(&self) -> u16 {
        self.count
    }

    pub(crate) fn room(&self) -> usize {
        self.out.room() / RECORD
    }

    #[inline]
    pub(crate) fn record(&mut self, record: &[u8; RECORD]) -> Result<(), Full> {
        self.out.put(record)?;
        self.count += 1;
        Ok(())
    }

    /// Ends the datagram, whose header `header` makes of the record count.
    pub(crate) fn finish(&mut self, header: impl FnOnce(u16) -> [u8; HEADER]) -> &[u8] {
        let len = self.out.len();
        self.out.patch(0, &header(self.count));
        self.out.truncate(HEADER);
        self.count = 0;
        self.out.up_to(len)
    }
}

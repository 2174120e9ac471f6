//! Reads export datagrams without the project's own decoders.

use std::collections::HashMap;

/// A data record and its template.
#[derive(Debug)]
pub(crate) struct Exported {
    /// Element and length of each field.
    pub(crate) fields: Vec<(u16, u16)>,
    /// The record.
    pub(crate) record: Vec<u8>,
    /// Its offset in the datagram.
    pub(crate) at: usize,
}

/// The templates of one exporter.
#[derive(Default)]
pub(crate) struct Reader {
    known: HashMap<u16, Vec<(u16, u16)>>,
}

impl Reader {
    /// Reads the data records of a NetFlow v9 or IPFIX datagram, without options.
    ///
    /// # Panics
    /// When the datagram is of another format.
    pub(crate) fn records(&mut self, datagram: &[u8]) -> Vec<Exported> {
        let version = be16(datagram, 0);
        // The set of templates, and where sets start (RFC 3954 §5, RFC 7011 §3.1).
        let (templates, mut at) = match version {
            9 => (0, 20),
            10 => (2, 16),
            _ => panic!("version {version}"),
        };
        let mut found = Vec::new();
        while at + 4 <= datagram.len() {
            let (id, len) = (be16(datagram, at), usize::from(be16(datagram, at + 2)));
            let (mut body, end) = (at + 4, at + len);
            if id == templates {
                while body + 4 <= end {
                    let count = usize::from(be16(datagram, body + 2));
                    let field = |i| {
                        let at = body + 4 + i * 4;
                        (be16(datagram, at), be16(datagram, at + 2))
                    };
                    let fields = (0..count).map(field).collect();
                    self.known.insert(be16(datagram, body), fields);
                    body += 4 + count * 4;
                }
            } else if let Some(fields) = self.known.get(&id) {
                let size: usize = fields.iter().map(|(_, len)| usize::from(*len)).sum();
                while body + size <= end {
                    found.push(Exported {
                        fields: fields.clone(),
                        record: datagram[body..body + size].to_vec(),
                        at: body,
                    });
                    body += size;
                }
                // Only padding to four octets follows the records.
                assert!(
                    end - body < 4,
                    "{} octets behind records of {size}",
                    end - body
                );
            }
            at += len.max(4);
        }
        found
    }
}

fn be16(octets: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([octets[at], octets[at + 1]])
}

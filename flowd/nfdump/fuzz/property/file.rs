//! Any file: no panic, no endless loop, no block beyond its bound, and values inside their records.

use nfdump::{File, MAX_BLOCK, Record};

/// # Panics
/// When it is not so.
pub(crate) fn check(octets: &[u8]) {
    let file = match File::parse(octets) {
        Ok(file) => file,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let mut buffer = Vec::new();
    for block in file.blocks() {
        let Ok(block) = block else {
            return;
        };
        let Ok(records) = block.records(&mut buffer) else {
            continue;
        };
        let mut total = 0;
        for record in records {
            total += match record {
                Ok(record) => values(&record),
                Err(error) => error.to_string().len().min(1),
            };
        }
        assert!(total <= MAX_BLOCK.max(octets.len()) * 2);
    }
    assert!(buffer.len() <= MAX_BLOCK);
}

/// Octets of a record's values.
fn values(record: &Record) -> usize {
    match record {
        Record::Flow(flow) => {
            let extensions: usize = flow.extensions().map(|it| it.octets.len()).sum();
            let (mut values, mut others) = (0, 0);
            flow.each(
                &mut |_, value| values += value.as_slice().len(),
                &mut |extension| others += extension.octets.len(),
            );
            assert!(values + others <= extensions);
            extensions
        }
        Record::Interfaces(names) | Record::Vrfs(names) => {
            names.iter().map(|it| it.name.len()).sum()
        }
        Record::Applications(applications) => {
            let texts = applications.iter();
            texts
                .map(|it| it.id.len() + it.name.len() + it.description.len())
                .sum()
        }
        Record::ExporterStatistics(statistics) => statistics.iter().count(),
        Record::Identification(octets) | Record::Other(_, octets) => octets.len(),
        Record::Exporter(_) | Record::Sampler(_) | Record::Statistics(_) => 1,
    }
}

//! Families as text that Prometheus reads: OpenMetrics 1.0, and Prometheus' older text format made of it.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabelSet, LabelSetEncoder, NoLabelSet, text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;
use service::metric::{Family, Kind, Value};

/// A text format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// OpenMetrics 1.0, which Prometheus asks for.
    OpenMetrics,
    /// Prometheus' text format 0.0.4, for programs that do not ask.
    Prometheus,
}

impl Format {
    /// Returns the format for the header `Accept` of a request.
    pub(crate) fn accepted(accept: &str) -> Format {
        match accept.contains("application/openmetrics-text") {
            true => Format::OpenMetrics,
            false => Format::Prometheus,
        }
    }

    /// Returns the content type of an answer.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Format::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// Writes families as text.
///
/// # Errors
/// None of a family that has a name and labels as Prometheus allows them.
pub(crate) fn write(families: Vec<Family>, format: Format) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Collected(families)));
    let mut open = String::new();
    text::encode(&mut open, &registry)?;
    Ok(match format {
        Format::OpenMetrics => open,
        Format::Prometheus => prometheus(&open),
    })
}

/// Labels as the library takes them.
#[derive(Debug)]
struct Pairs<'a>(&'a [(&'static str, String)]);

impl EncodeLabelSet for Pairs<'_> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        self.0.encode(encoder)
    }
}

/// Families that were collected once.
#[derive(Debug)]
struct Collected(Vec<Family>);

impl Collector for Collected {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for family in &self.0 {
            let kind = match family.kind {
                Kind::Counter => MetricType::Counter,
                Kind::Gauge => MetricType::Gauge,
            };
            let mut metric = encoder.encode_descriptor(family.name, family.help, None, kind)?;
            for sample in &family.samples {
                let labels = Pairs(sample.labels.pairs());
                let mut one = metric.encode_family(&labels)?;
                match (family.kind, sample.value) {
                    (Kind::Counter, Value::Integer(value)) => {
                        one.encode_counter::<NoLabelSet, _, u64>(&value, None)?;
                    }
                    (Kind::Counter, Value::Real(value)) => {
                        one.encode_counter::<NoLabelSet, _, u64>(&value, None)?;
                    }
                    (Kind::Gauge, Value::Integer(value)) => one.encode_gauge(&value)?,
                    (Kind::Gauge, Value::Real(value)) => one.encode_gauge(&value)?,
                }
            }
        }
        Ok(())
    }
}

/// Makes Prometheus' text format of OpenMetrics: a counter's name has `_total` in its description, too, and nothing marks the end.
fn prometheus(open: &str) -> String {
    let mut text = String::with_capacity(open.len());
    let mut help = "";
    for line in open.lines() {
        let Some(comment) = line.strip_prefix("# ") else {
            text.push_str(line);
            text.push('\n');
            continue;
        };
        // The line of the type comes behind that of the help.
        match comment.split(' ').collect::<Vec<_>>().as_slice() {
            ["HELP", ..] => help = comment,
            ["TYPE", name, kind] => {
                let total = if *kind == "counter" { "_total" } else { "" };
                let said = help
                    .strip_prefix("HELP ")
                    .and_then(|said| said.strip_prefix(name));
                text.push_str(&format!(
                    "# HELP {name}{total}{}\n",
                    said.unwrap_or_default()
                ));
                text.push_str(&format!("# TYPE {name}{total} {kind}\n"));
            }
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Vec<Family> {
        vec![
            Family::counter("flowd_things", "Things that came")
                .with(&[("name", "a \"quoted\" \\ name")], 3u64),
            Family::gauge("flowd_load", "The load").with(&[], 0.5),
            Family::gauge("flowd_none", "What nobody has"),
        ]
    }

    #[test]
    fn openmetrics_names_a_counter_without_its_suffix() {
        let text = write(some(), Format::OpenMetrics).unwrap();
        let expected = "\
# HELP flowd_things Things that came
# TYPE flowd_things counter
flowd_things_total{name=\"a \\\"quoted\\\" \\\\ name\"} 3
# HELP flowd_load The load
# TYPE flowd_load gauge
flowd_load 0.5
# HELP flowd_none What nobody has
# TYPE flowd_none gauge
# EOF
";
        assert_eq!(text, expected);
    }

    #[test]
    fn prometheus_text_names_a_counter_with_it() {
        let text = write(some(), Format::Prometheus).unwrap();
        let expected = "\
# HELP flowd_things_total Things that came
# TYPE flowd_things_total counter
flowd_things_total{name=\"a \\\"quoted\\\" \\\\ name\"} 3
# HELP flowd_load The load
# TYPE flowd_load gauge
flowd_load 0.5
# HELP flowd_none What nobody has
# TYPE flowd_none gauge
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_program_gets_the_format_that_it_asks_for() {
        let prometheus =
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3";
        assert_eq!(Format::accepted(prometheus), Format::OpenMetrics);
        assert_eq!(Format::accepted("*/*"), Format::Prometheus);
    }
}

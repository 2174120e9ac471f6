//! One monitor of a configuration, run on a savefile.

use std::collections::BTreeMap;

use api::{Code, Refusal};
use export::Sampling;
use meter::ReadOptions;

use super::plan::{Attached, sampler_ids, sampling};
use super::settings::Settings;

/// One monitor of a configuration, for `flowd meter`.
pub struct MeterPlan {
    /// The monitor's name.
    pub name: String,
    /// What the meter does.
    pub meter: meter::Settings,
    /// How much of a packet is read, as on the interface of its first attachment.
    pub reading: ReadOptions,
    /// The sampler of its first attachment.
    pub sampling: Sampling,
    /// Where its flows go.
    pub exporters: Vec<export::Settings>,
}

impl Settings {
    /// The monitor `name`, or the only one; sampler and families are those of its first attachment.
    ///
    /// # Errors
    /// When there is no such monitor, or several to choose from.
    pub fn for_meter(&self, name: Option<&str>) -> Result<MeterPlan, Refusal> {
        let unknown = |message: String| Refusal::new(Code::NotFound, message);
        let names = || {
            self.monitors
                .keys()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(", ")
        };
        let name = match (name, self.monitors.len()) {
            (Some(name), _) => name,
            (None, 1) => self
                .monitors
                .keys()
                .next()
                .map(String::as_str)
                .unwrap_or_default(),
            (None, 0) => return Err(unknown("it has no flow monitor".into())),
            (None, _) => {
                return Err(unknown(format!(
                    "choose a monitor with --monitor: {}",
                    names()
                )));
            }
        };
        let Some(monitor) = self.monitors.get(name) else {
            return Err(unknown(format!(
                "there is no flow monitor {name}; there is {}",
                names()
            )));
        };
        let ids = sampler_ids(&BTreeMap::new(), self, &mut Vec::new());
        let mut attachments = self
            .ports
            .values()
            .flat_map(|port| port.attachments.iter().map(move |it| (port, it)));
        let (port, attachment) = attachments
            .find(|(_, attachment)| attachment.monitor == name)
            .unzip();
        let sampler = attachment
            .and_then(|attachment| attachment.sampler.as_ref())
            .and_then(|name| {
                let sampler = self.samplers.get(name)?;
                Some((sampler.mode, sampler.rate, *ids.get(name)?))
            });
        let exporters = monitor
            .exporters
            .iter()
            .filter_map(|name| self.exporters.get(name));
        Ok(MeterPlan {
            name: name.to_owned(),
            // A savefile does not say which way its packets went.
            meter: meter::Settings {
                families: attachment.map_or([true, true], |attachment| attachment.families),
                sampler,
                ..monitor.meter()
            },
            reading: port.map_or_else(ReadOptions::default, |port| port.reading.clone()),
            sampling: sampling(&Attached::to(self), name, self, &ids),
            exporters: exporters.map(|exporter| exporter.export.clone()).collect(),
        })
    }
}

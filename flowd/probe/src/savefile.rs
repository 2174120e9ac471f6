//! The settings of one monitor of a configuration, for running it on a savefile.

use std::collections::BTreeMap;

use api::{Code, Refusal};
use export::Sampling;
use meter::ReadOptions;

use super::plan::{Attachments, meter_sampler, sampler_ids, sampling};
use super::settings::Settings;

/// What `flowd meter` needs to run a monitor.
pub struct MeterPlan {
    /// The monitor's name.
    pub name: String,
    /// The settings of the metering process.
    pub meter: meter::Settings,
    /// Which headers of a packet are read: those of the interface of its first attachment.
    pub reading: ReadOptions,
    /// The sampler of its first attachment.
    pub sampling: Sampling,
    /// The exporters of its flows.
    pub exporters: Vec<export::Settings>,
}

impl Settings {
    /// Returns the monitor with a name, or the only one. Sampler and families are those of its first attachment.
    ///
    /// # Errors
    /// If there is no such monitor, or no name is given and there are several.
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
        let mut attachments = self.interfaces.values().flat_map(|interface| {
            let attachments = interface.attachments.iter();
            attachments.map(move |attachment| (interface, attachment))
        });
        let (interface, attachment) = attachments
            .find(|(_, attachment)| attachment.monitor == name)
            .unzip();
        let sampler = attachment.and_then(|attachment| meter_sampler(attachment, self, &ids));
        let exporters = monitor
            .exporters
            .iter()
            .filter_map(|name| self.exporters.get(name));
        Ok(MeterPlan {
            name: name.to_owned(),
            // A savefile does not tell the direction of packets.
            meter: meter::Settings {
                families: attachment.map_or([true, true], |attachment| attachment.families),
                sampler,
                ..monitor.meter()
            },
            reading: interface
                .map_or_else(ReadOptions::default, |interface| interface.reading.clone()),
            sampling: sampling(&Attachments::by_monitor(self), name, self, &ids),
            exporters: exporters.map(|exporter| exporter.export.clone()).collect(),
        })
    }
}

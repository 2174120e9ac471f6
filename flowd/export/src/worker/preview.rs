//! Previews what a change does to templates, by configuring copies of the streams.

use std::collections::BTreeMap;

use super::State;
use crate::change::{Change, Template, TemplateStep};
use crate::exporter::Exporter;
use crate::message::Users;
use crate::settings::{Monitor, Settings};
use crate::statistics::TemplateStatistics;

impl State {
    pub(super) fn preview(&self, change: &Change, users: &Users) -> Vec<TemplateStep> {
        let changed: BTreeMap<&str, &Settings> = change
            .exporters
            .iter()
            .map(|(settings, _)| (settings.name.as_str(), settings))
            .collect();
        let new: BTreeMap<&str, &Monitor> = change
            .monitors
            .iter()
            .map(|monitor| (monitor.name.as_str(), monitor))
            .collect();
        let monitor = |name: &str| new.get(name).copied().or_else(|| self.monitors.get(name));
        let mut steps = Vec::new();
        for (name, lanes) in users {
            let running = self.exporters.get(name);
            let settings = changed.get(name.as_str()).copied();
            let Some(settings) = settings.or(running.map(|exporter| exporter.settings())) else {
                continue;
            };
            let before = running
                .map(|exporter| exporter.templates())
                .unwrap_or_default();
            let monitors: Vec<&Monitor> = lanes
                .iter()
                .filter_map(|lane| monitor(&lane.monitor))
                .collect();
            let after = match running {
                Some(exporter) => exporter.templates_with(settings, &monitors, &self.listed),
                None => Exporter::fresh_templates(settings, &monitors, &self.listed),
            };
            let same = |one: &TemplateStatistics, other: &TemplateStatistics| {
                (one.id, &one.client, &one.fields) == (other.id, &other.client, &other.fields)
            };
            let is_in = |all: &[TemplateStatistics], template: &TemplateStatistics| {
                all.iter().any(|one| same(one, template))
            };
            let template = |template: &TemplateStatistics| Template {
                exporter: name.clone(),
                client: template.client.clone(),
                id: template.id,
                fields: template.fields.len(),
            };
            let gone = before.iter().filter(|one| !is_in(&after, one));
            steps.extend(gone.map(|one| TemplateStep::Withdraw(template(one))));
            let sent = after.iter().filter(|one| !is_in(&before, one));
            steps.extend(sent.map(|one| TemplateStep::Send(template(one))));
        }
        for name in &change.gone {
            let running = self.exporters.get(name);
            let templates = running
                .map(|exporter| exporter.templates())
                .unwrap_or_default();
            steps.extend(templates.into_iter().map(|one| {
                TemplateStep::Withdraw(Template {
                    exporter: name.clone(),
                    client: one.client,
                    id: one.id,
                    fields: one.fields.len(),
                })
            }));
        }
        steps
    }
}

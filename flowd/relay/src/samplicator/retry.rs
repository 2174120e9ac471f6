//! Listening addresses that could not be had: they are tried again until they can.

use super::prepare::{open_endpoint, start};
use super::{Running, Samplicator};
use crate::error::Problem;
use crate::event::What;
use crate::pacer::Pacer;
use crate::settings::Endpoint;
use crate::socket::{self, Bound};
use crate::worker::{Ask, Handle};

impl Samplicator {
    /// Tries to open what is down: a port that another program had, an interface that was not there or was replaced. To be called every second.
    pub fn retry(&self) {
        let mut state = self.0.state.lock();
        let running = &mut *state;
        self.close_stranded(running);
        let waiting: Vec<_> = running.down.keys().cloned().collect();
        for endpoint in waiting {
            let settings = &running.plan.settings;
            let opened = open_endpoint(Some(running), &endpoint, settings);
            let sockets = match opened {
                Ok(sockets) => sockets,
                Err(why) => {
                    if let Some(before) = running.down.get_mut(&endpoint)
                        && before.to_string() != why.to_string()
                    {
                        self.0.events.send(What::ListenerDown {
                            endpoint: endpoint.clone(),
                            why: why.to_string(),
                        });
                        *before = why;
                    }
                    continue;
                }
            };
            let unpark = running.pacer.as_ref().and_then(Pacer::thread);
            let mut handles = Vec::new();
            for (listening, bound) in sockets {
                if bound == Bound::WhenApplied && listening.bind_beside_own().is_err() {
                    continue;
                }
                if let Ok(handle) = start(settings, &listening, &self.0.clock.0, &self.0.events) {
                    let plan = running.plan.clone();
                    handle
                        .ask(|done| Ask::Apply(plan, unpark.clone(), done))
                        .wait();
                    handles.push(handle);
                }
            }
            if !handles.is_empty() {
                running.down.remove(&endpoint);
                running
                    .listeners
                    .entry(endpoint.clone())
                    .or_default()
                    .extend(handles);
                self.0.events.send(What::ListenerUp { endpoint });
            }
        }
    }
    /// Closes the sockets of interfaces that are gone or were replaced: they are bound to an index that is nobody's.
    fn close_stranded(&self, running: &mut Running) {
        let stranded = |endpoint: &Endpoint, handles: &mut Vec<Handle>| {
            let now = socket::index(endpoint.listen.interface.as_ref()).unwrap_or(0);
            handles.iter().any(|handle| handle.scope != now)
        };
        let gone = running.listeners.extract_if(.., stranded);
        for (endpoint, handles) in gone.collect::<Vec<_>>() {
            for mut handle in handles {
                running.past.add(handle.stop().retired());
            }
            let why = Problem::NoInterface(endpoint.listen.interface.clone().unwrap_or_default());
            self.0.events.send(What::ListenerDown {
                endpoint: endpoint.clone(),
                why: why.to_string(),
            });
            running.down.insert(endpoint, why);
        }
    }
}

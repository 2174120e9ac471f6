//! How a worker takes another plan.

use std::sync::Arc;
use std::thread::Thread;

use super::Worker;
use crate::lane::{Lane, Sources};
use crate::plan::Plan;
use crate::routes::Slot;

impl Worker {
    /// Takes another plan.
    pub(super) fn apply(&mut self, plan: Arc<Plan>, pacer: Option<Thread>) {
        let mut old = std::mem::take(&mut self.lanes);
        self.slots.clear();
        for planned in plan.receivers.iter().filter(|new| !new.settings.disabled) {
            let place = usize::from(planned.slot);
            let known = old.get_mut(place).and_then(Option::take);
            let lane = match known {
                Some(mut lane) => {
                    if lane.configure(Arc::clone(planned)) {
                        require_replay(&mut self.sources, planned.slot);
                    }
                    lane
                }
                None => {
                    require_replay(&mut self.sources, planned.slot);
                    Lane::new(Arc::clone(planned))
                }
            };
            if self.lanes.len() <= place {
                self.lanes.resize_with(place + 1, || None);
            }
            self.lanes[place] = Some(lane);
            self.slots.push(planned.slot);
        }
        for lane in old.into_iter().flatten() {
            self.retired += &lane.account.ledger;
        }
        self.spoofs = (plan.receivers.iter()).any(|new| new.settings.spoof_source);
        if !self.spoofs {
            self.carriers.clear();
        }
        self.turns = vec![0; plan.settings.groups.len()];
        let groups = plan.settings.groups != self.plan.settings.groups;
        for (address, source) in self.sources.iter_mut() {
            source.route = plan.routes.find(address.ip());
            if groups {
                source.forget_assignments();
            }
        }
        self.plan = plan;
        self.pacer = pacer;
    }
}

/// Has all templates replayed to a receiver.
pub(super) fn require_replay(sources: &mut Sources, slot: Slot) {
    for (_, source) in sources.iter_mut() {
        for domain in source.tracker.domains_mut() {
            domain.informed.set(slot, false);
        }
    }
}

//! Compiles settings into a plan.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use loss::DropReason;
use service::Occasion;

use super::{Destination, Path, Plan, PlannedReceiver};
use crate::error::{Error, Place, Problem};
use crate::pace::Limit;
use crate::queue::SharedQueue;
use crate::resolver::open_path;
use crate::routes::{Routes, Slot};
use crate::settings::{Receiver, SamplicatorSettings};

/// Compiles settings into a plan. A receiver that was there before keeps its slot, queue and, if it can, its path.
pub(crate) fn compile(
    settings: &SamplicatorSettings,
    old: Option<&Arc<Plan>>,
    occasion: Occasion,
) -> Result<Plan, Error> {
    let known = |name: &str| old.and_then(|old| old.receiver(name));
    let taken: Vec<Slot> = settings
        .receivers
        .iter()
        .filter_map(|receiver| Some(known(&receiver.name)?.slot))
        .collect();
    // Also not those of receivers that leave: their last datagrams are counted under them.
    let leaving: Vec<Slot> = old
        .iter()
        .flat_map(|old| old.receivers.iter().map(|planned| planned.slot))
        .collect();
    let mut free = (0..Slot::MAX)
        .filter(|slot| !taken.contains(slot) && !leaving.contains(slot))
        .chain(leaving.iter().copied().filter(|slot| !taken.contains(slot)));
    let mut receivers = Vec::new();
    for receiver in &settings.receivers {
        let old = known(&receiver.name);
        let slot = match old {
            Some(old) => old.slot,
            None => free.next().unwrap_or_default(),
        };
        receivers.push(Arc::new(planned(settings, receiver, slot, old, occasion)?));
    }
    let slot = |name: &str| {
        let planned = receivers
            .iter()
            .find(|planned| planned.settings.name == name)?;
        (!planned.settings.disabled).then_some(planned.slot)
    };
    let routes = Routes::new(settings, slot);
    Ok(Plan {
        settings: settings.clone(),
        receivers,
        routes,
    })
}

fn planned(
    settings: &SamplicatorSettings,
    receiver: &Receiver,
    slot: Slot,
    old: Option<&Arc<PlannedReceiver>>,
    occasion: Occasion,
) -> Result<PlannedReceiver, Error> {
    let queue = old
        .and_then(|old| old.queue.clone())
        .or_else(|| (!receiver.delay.is_zero()).then(Arc::<SharedQueue>::default));
    let mut planned = PlannedReceiver {
        slot,
        settings: receiver.clone(),
        limit: receiver.rate_limit.map(Limit::new),
        queue,
        balanced: settings
            .groups
            .iter()
            .any(|group| group.receivers.contains(&receiver.name)),
        path: Arc::new(Path::new(Destination::Nowhere(DropReason::Unresolved))),
    };
    if receiver.disabled {
        return Ok(planned);
    }
    if let Some(old) = old
        && old.settings.sent_alike(receiver)
    {
        planned.path = Arc::clone(&old.path);
        return Ok(planned);
    }
    // A name that was resolved before is good until it is resolved again.
    let before = old
        .filter(|old| old.settings.destination == receiver.destination)
        .and_then(|old| match old.path.destination().1 {
            Destination::At(target) => Some(target.peer.ip()),
            Destination::Nowhere(_) => None,
        });
    let address = receiver.destination.parse::<IpAddr>().ok().or(before);
    if let Some(address) = address {
        let again = old.is_some_and(|old| old.settings.source_port == receiver.source_port);
        let destination = open_path(settings, &planned, address, again);
        if let (Destination::Nowhere(DropReason::NoSocket(errno)), Occasion::Commit) =
            (&destination, occasion)
        {
            let errno = *errno;
            let place = Place::Receiver(receiver.name.clone());
            let problem = match errno {
                libc::EADDRINUSE => Problem::InUse,
                errno => Problem::System {
                    call: "a socket to it",
                    error: io::Error::from_raw_os_error(errno),
                },
            };
            return Err(Error { place, problem });
        }
        planned.path.set_destination(destination);
    }
    Ok(planned)
}

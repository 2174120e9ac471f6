//! The impact of a change on the samplicators, in words.

use api::session::{Impact, ImpactAction, ImpactKind};

use crate::difference::Difference;
use crate::settings::Endpoint;

/// Describes what applying a difference does.
pub(crate) fn impact(difference: &Difference) -> Vec<Impact> {
    let mut impact = Vec::new();
    for name in &difference.gone {
        let path = ["flow", "samplicator", name];
        let text = format!("samplicator {name}: it ends, its sockets are closed");
        impact.push(Impact::new(
            ImpactKind::Listener,
            ImpactAction::Close,
            &path,
            text,
        ));
    }
    for (name, step) in &difference.steps {
        let listener = |action, verb: &str, (endpoint, count): &(Endpoint, usize)| {
            let path = ["flow", "samplicator", name];
            let at = format!("{} port {}", endpoint.listen, endpoint.port);
            let sockets = match count {
                1 => "1 socket".to_owned(),
                count => format!("{count} sockets"),
            };
            let text = format!("samplicator {name}: {sockets} on {at} {verb}");
            Impact {
                sockets: Some(*count as u64),
                ..Impact::new(ImpactKind::Listener, action, &path, text)
            }
        };
        let opens = step.opens.iter();
        impact.extend(opens.map(|one| listener(ImpactAction::Open, "opened", one)));
        let closes = step.closes.iter();
        impact.extend(closes.map(|one| listener(ImpactAction::Close, "closed", one)));
        let receiver = |action, receiver: &String, text: &str| {
            let path = ["flow", "samplicator", name, "receiver", receiver];
            let text = format!("samplicator {name}: {text} receiver {receiver}");
            Impact::new(ImpactKind::Receiver, action, &path, text)
        };
        let new = step.receivers.iter();
        impact.extend(new.map(|one| receiver(ImpactAction::Open, one, "a new way to")));
        let gone = step.receivers_gone.iter();
        impact.extend(gone.map(|one| receiver(ImpactAction::Close, one, "nothing more to")));
    }
    impact
}

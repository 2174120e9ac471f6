//! What a prepared change does to samplicators, in words.

use relay::Endpoint;

use super::Difference;
use super::settings::written;
use service::Impact;

/// What applying a prepared change will do.
pub(super) fn impact(difference: &Difference) -> Vec<Impact> {
    let mut impact = Vec::new();
    for name in &difference.gone {
        let path = ["flow", "samplicator", name];
        let text = format!("samplicator {name}: it ends, its sockets are closed");
        impact.push(Impact::new("listener", "close", &path, text));
    }
    for (name, step) in &difference.steps {
        let listener = |action, verb: &str, (endpoint, count): &(Endpoint, usize)| {
            let path = ["flow", "samplicator", name];
            let at = format!("{} port {}", written(&endpoint.listen), endpoint.port);
            let sockets = match count {
                1 => "1 socket".to_owned(),
                count => format!("{count} sockets"),
            };
            let text = format!("samplicator {name}: {sockets} on {at} {verb}");
            Impact::new("listener", action, &path, text).with("sockets", *count as u64)
        };
        let opens = step.opens.iter();
        impact.extend(opens.map(|one| listener("open", "opened", one)));
        let closes = step.closes.iter();
        impact.extend(closes.map(|one| listener("close", "closed", one)));
        let receiver = |action, receiver: &String, text: &str| {
            let path = ["flow", "samplicator", name, "receiver", receiver];
            let text = format!("samplicator {name}: {text} receiver {receiver}");
            Impact::new("receiver", action, &path, text)
        };
        let new = step.receivers.iter();
        impact.extend(new.map(|one| receiver("open", one, "a new way to")));
        let gone = step.receivers_gone.iter();
        impact.extend(gone.map(|one| receiver("close", one, "nothing more to")));
    }
    impact
}

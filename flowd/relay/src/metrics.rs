//! What samplicators measure beside their ledger: listening addresses, receivers, templates.

use api::samplicator::{ReceiverState, Samplicators};
use service::metric::{Family, Labels};

/// Makes metrics of what the management API answers.
pub(crate) fn families(samplicators: &Samplicators) -> Vec<Family> {
    let mut listener_up = Family::gauge(
        "flowd_samplicator_listener_up",
        "Whether datagrams can be received at an address and port",
    );
    let mut heard = Family::counter(
        "flowd_samplicator_listener_received_datagrams",
        "Datagrams that came to an address and port",
    );
    let mut lost = Family::counter(
        "flowd_samplicator_listener_dropped_datagrams",
        "Datagrams that the kernel dropped there, because the receive queue was full or a checksum wrong",
    );
    let mut receiver_up = Family::gauge(
        "flowd_samplicator_receiver_up",
        "Whether a receiver takes its copies, as far as is known; 1 for one that is disabled",
    );
    let mut refused = Family::counter(
        "flowd_samplicator_receiver_unreachable_messages",
        "ICMP messages that said a receiver cannot be reached",
    );
    let mut replayed = Family::counter(
        "flowd_samplicator_receiver_replayed_datagrams",
        "Datagrams of templates and options made for a receiver",
    );
    let mut sources = Family::gauge(
        "flowd_samplicator_exporters",
        "Exporters that are known at the moment",
    );
    let mut recycled = Family::counter(
        "flowd_samplicator_forgotten_exporters",
        "Exporters that were forgotten to make room for others",
    );
    let mut templates = Family::gauge(
        "flowd_samplicator_templates",
        "Templates that are kept for replay",
    );
    let mut malformed = Family::counter(
        "flowd_samplicator_malformed_datagrams",
        "Datagrams with sets that could not be read; they are relayed all the same",
    );
    for one in &samplicators.samplicators {
        let name = Labels::of(&[("samplicator", one.name.as_str())]);
        for listener in &one.listeners {
            let (address, port) = (listener.address.to_string(), listener.port.to_string());
            let labels = name.and("address", &address).and("port", &port);
            listener_up.add(&labels, listener.down.is_none());
            heard.add(&labels, listener.received.datagrams);
            lost.add(&labels, listener.kernel_drops);
        }
        for receiver in &one.receivers {
            let labels = name.and("receiver", &receiver.name);
            let fine = matches!(receiver.state, ReceiverState::Up | ReceiverState::Disabled);
            receiver_up.add(&labels, fine);
            refused.add(&labels, receiver.icmp_unreachable);
            replayed.add(&labels, receiver.replayed.datagrams);
        }
        sources.add(&name, one.sources);
        recycled.add(&name, one.sources_recycled);
        templates.add(&name, one.templates.templates);
        malformed.add(&name, one.templates.malformed);
    }
    vec![
        listener_up,
        heard,
        lost,
        receiver_up,
        refused,
        replayed,
        sources,
        recycled,
        templates,
        malformed,
    ]
}

//! `/v1/samplicators…`, `/v1/clear/samplicator/NAME` and `/v1/replay/samplicator/NAME`.

use api::Nothing;
use api::query::SamplicatorsQuery;
use api::routes;
use api::samplicator::{KeptTemplates, Receivers, Replay, Replayed, Samplicators, Sources};

use super::blocking;
use super::endpoint::{Answer, Call, Endpoint};

/// The routes that are answered here.
#[rustfmt::skip]
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(routes::SAMPLICATORS, samplicators),
        Endpoint::new(routes::RECEIVERS, receivers),
        Endpoint::new(routes::SOURCES, sources),
        Endpoint::new(routes::TEMPLATES, templates),
        Endpoint::new(routes::CLEAR_SAMPLICATOR, clear),
        Endpoint::new(routes::REPLAY, replay),
    ]
}

pub(super) async fn samplicators(call: Call<SamplicatorsQuery>) -> Answer<Samplicators> {
    Ok(blocking(move || {
        let SamplicatorsQuery { name, receiver } = call.query;
        let relay = &call.control.relay;
        match receiver {
            None => relay.samplicators(name.as_deref()),
            Some(receiver) => relay.samplicators_with(name.as_deref(), &receiver),
        }
    })
    .await??)
}

pub(super) async fn receivers(call: Call) -> Answer<Receivers> {
    Ok(blocking(move || call.control.relay.receivers(&call.name)).await??)
}

pub(super) async fn sources(call: Call) -> Answer<Sources> {
    Ok(blocking(move || call.control.relay.sources(&call.name)).await??)
}

pub(super) async fn templates(call: Call) -> Answer<KeptTemplates> {
    Ok(blocking(move || call.control.relay.templates(&call.name)).await??)
}

pub(super) async fn clear(call: Call) -> Answer<Nothing> {
    let (name, user) = (call.name, call.peer.user);
    blocking({
        let name = name.clone();
        move || call.control.relay.clear(&name)
    })
    .await??;
    tracing::info!(
        msgid = "CLEAR",
        "{user} cleared the statistics of samplicator {name}"
    );
    Ok(Nothing {})
}

pub(super) async fn replay(call: Call<Nothing, Replay>) -> Answer<Replayed> {
    let (name, user) = (call.name, call.peer.user);
    let receiver = call.body.receiver;
    let receivers = blocking({
        let name = name.clone();
        move || call.control.relay.replay(&name, receiver.as_deref())
    });
    let receivers = receivers.await??;
    let to = receivers.join(", ");
    tracing::info!(
        msgid = "REPLAY",
        "{user} had the templates of samplicator {name} sent again to {to}"
    );
    Ok(Replayed { receivers })
}

//! Every route of the management API with its handler: the router, its checks and the OpenAPI document are made of it.

use api::routes;

use super::endpoint::Endpoint;
use super::{complete, configuration, flow, host, openapi, relay, sessions};

/// The routes.
#[rustfmt::skip]
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new(routes::OPENAPI, openapi::serve),
        Endpoint::new(routes::VERSION, host::version),
        Endpoint::new(routes::WHOAMI, host::whoami),
        Endpoint::new(routes::INTERFACES, host::interfaces),
        Endpoint::new(routes::NAMES, host::names),
        Endpoint::new(routes::COMPLETE, complete::complete),
        Endpoint::new(routes::LOG, host::log),

        Endpoint::new(routes::SESSIONS, sessions::list),
        Endpoint::new(routes::BEGIN_SESSION, sessions::begin).quiet(),
        Endpoint::new(routes::END_SESSION, sessions::end).quiet(),
        Endpoint::new(routes::EDIT, sessions::edit).quiet(),
        Endpoint::new(routes::CHECK, sessions::check).quiet(),
        Endpoint::new(routes::COMMIT, sessions::commit),
        Endpoint::new(routes::DISCARD, sessions::discard).quiet(),
        Endpoint::new(routes::ROLLBACK, sessions::rollback).quiet(),
        Endpoint::new(routes::COMPARE_TEXT, configuration::compare_text).quiet(),
        Endpoint::new(routes::CLEAR_COMMIT, sessions::unschedule),
        Endpoint::new(routes::CONFIRM, sessions::confirm),

        Endpoint::new(routes::CONFIGURATION, configuration::show),
        Endpoint::new(routes::COMPARE, configuration::compare),
        Endpoint::new(routes::REVISIONS, configuration::revisions),

        Endpoint::new(routes::RECORDS, flow::records),
        Endpoint::new(routes::SAMPLERS, flow::samplers),
        Endpoint::new(routes::METERED_INTERFACES, flow::interfaces),
        Endpoint::new(routes::MONITORS, flow::monitors),
        Endpoint::new(routes::EXPORTERS, flow::exporters),
        Endpoint::new(routes::ROUTES, flow::routes),
        Endpoint::new(routes::LOSS, flow::loss),
        Endpoint::new(routes::CACHE, flow::cache),
        Endpoint::new(routes::FLOW_PATH, flow::path),
        Endpoint::new(routes::ACCOUNTING, flow::accounting),

        Endpoint::new(routes::SAMPLICATORS, relay::samplicators),
        Endpoint::new(routes::RECEIVERS, relay::receivers),
        Endpoint::new(routes::SOURCES, relay::sources),
        Endpoint::new(routes::TEMPLATES, relay::templates),

        Endpoint::new(routes::CLEAR_MONITOR, flow::clear_monitor),
        Endpoint::new(routes::CLEAR_EXPORTER, flow::clear_exporter),
        Endpoint::new(routes::CLEAR_SAMPLICATOR, relay::clear),
        Endpoint::new(routes::REPLAY, relay::replay),
        Endpoint::new(routes::CLEAR_ACCOUNTING, flow::clear_accounting),
    ]
}

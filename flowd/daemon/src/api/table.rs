//! Every route of the management API, declared once: the router, its checks and the OpenAPI document are made of it.

use std::sync::Arc;

use axum::routing::{MethodRouter, delete, get, post};

use super::{complete, configuration, flow, host, openapi, relay, sessions};
use crate::control::Control;
use config::access::Role;

/// A method of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
    Delete,
}

impl Method {
    /// In lower case, as OpenAPI has it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Method::Get => "get",
            Method::Post => "post",
            Method::Delete => "delete",
        }
    }
}

/// A parameter of the query.
pub(super) struct Parameter {
    /// Its name.
    pub(super) name: &'static str,
    /// Its shape; an array's parameter may be given several times.
    pub(super) shape: &'static str,
    /// What it is for.
    pub(super) help: &'static str,
    /// Nothing is answered without it.
    pub(super) required: bool,
}

/// One route.
pub(super) struct Route {
    pub(super) method: Method,
    /// `{name}` is a segment of any text.
    pub(super) path: &'static str,
    /// Who may.
    pub(super) role: Role,
    /// What it does.
    pub(super) summary: &'static str,
    /// Parameters of the query; there are no others.
    pub(super) query: &'static [Parameter],
    /// Shape of the body, for methods that have one.
    pub(super) body: &'static str,
    /// Shape of the answer.
    pub(super) answer: &'static str,
    /// A request worth a line of the log, as opposed to one that only prepares something.
    pub(super) logged: bool,
    pub(super) handler: fn() -> MethodRouter<Arc<Control>>,
}

type Handler = fn() -> MethodRouter<Arc<Control>>;

/// A route that shows.
const fn show(
    path: &'static str,
    summary: &'static str,
    query: &'static [Parameter],
    answer: &'static str,
    handler: Handler,
) -> Route {
    Route {
        method: Method::Get,
        path,
        role: Role::Operator,
        summary,
        query,
        body: "",
        answer,
        logged: false,
        handler,
    }
}

/// A route that changes something.
const fn change(
    method: Method,
    path: &'static str,
    summary: &'static str,
    body: &'static str,
    answer: &'static str,
    handler: Handler,
) -> Route {
    Route {
        method,
        path,
        role: Role::Admin,
        summary,
        query: &[],
        body,
        answer,
        logged: true,
        handler,
    }
}

impl Route {
    const fn quiet(mut self) -> Route {
        self.logged = false;
        self
    }
}

const fn parameter(name: &'static str, shape: &'static str, help: &'static str) -> Parameter {
    Parameter {
        name,
        shape,
        help,
        required: false,
    }
}

impl Parameter {
    const fn required(mut self) -> Parameter {
        self.required = true;
        self
    }
}

const NAME: &[Parameter] = &[parameter("name", "string", "Only the one of this name")];
const SOURCE: &str =
    "running, candidate (of the session), scheduled or a revision's number; 0 is the newest";
const NOTHING: &str = "Nothing";

/// The routes.
#[rustfmt::skip]
pub(super) static ROUTES: &[Route] = &[
    show("/v1/openapi.json", "This document", &[], "{openapi: string, ...}", || get(openapi::serve)),
    show("/v1/version", "The program and its host", &[],
        "{program: string, version: string, host_name: string, pid: integer, started: time, uptime_seconds: integer, revision: integer | null}",
        || get(host::version)),
    show("/v1/whoami", "Who is asking, as the kernel tells it", &[],
        "{user: string, uid: integer, role: \"admin\" | \"operator\"}", || get(host::whoami)),
    show("/v1/interfaces", "The host's interfaces", &[], "{interfaces: [Interface]}", || get(host::interfaces)),
    show("/v1/names", "Names that a command line completes",
        &[parameter("kind", "\"interface\" | \"record\" | \"exporter\" | \"monitor\" | \"sampler\" | \"samplicator\" | \"receiver\" | \"revision\"", "Names of what").required()],
        "{names: [{name: string, help: string}]}", || get(host::names)),
    show("/v1/complete", "What can follow a line, for Tab and ?; positions are octets",
        &[parameter("line", "string", "The line"), parameter("cursor", "integer", "Where in it; default its end"),
          parameter("mode", "\"operational\" | \"configuration\"", "Where it is typed; default operational"),
          parameter("submode", "string", "IOS submode, such as flow-record"), parameter("opener", "string", "The IOS line that opened it"),
          parameter("session", "string", "Whose candidate"), parameter("level", "[string]", "Words of the edit level")],
        "Completion", || get(complete::complete)),
    show("/v1/log", "The last lines of the log; missed: lines that were gone before they were asked for", &[parameter("lines", "integer", "How many; default 100"), parameter("after", "integer", "Those that came after the next of an answer before; not with lines")],
        "{lines: [LogLine], missed: integer, next: integer}", || get(host::log)),

    show("/v1/sessions", "The sessions", &[], "{sessions: [Session]}", || get(sessions::list)),
    change(Method::Post, "/v1/sessions", "Begins a session: a candidate on the running configuration",
        "{via?: string, exclusive?: \"session\" | \"connection\"}", "{session: string}", || post(sessions::begin)).quiet(),
    change(Method::Delete, "/v1/sessions/{id}", "Ends a session; its candidate is gone", "", NOTHING, || delete(sessions::end)).quiet(),
    change(Method::Post, "/v1/sessions/{id}/edit", "Reads a text into the candidate; path is the edit level",
        "{text: string, dialect?: \"curly\" | \"set\" | \"ios\" | \"json\", mode?: \"merge\" | \"replace\" | \"override\", path?: [string]}",
        "Changes", || post(sessions::edit)).quiet(),
    change(Method::Post, "/v1/sessions/{id}/check", "Validates the candidate as a commit would, and changes nothing",
        NOTHING, "{warnings: Warnings, impact: [Impact]}", || post(sessions::check)).quiet(),
    change(Method::Post, "/v1/sessions/{id}/commit", "Puts the candidate into force; with confirm_minutes it is rolled back unless confirmed, with at (HH:MM or YYYY-MM-DD HH:MM by the host's clock) it is checked now and done then. The answer's revision is null when there was nothing to commit",
        "{comment?: string, confirm_minutes?: integer, at?: string}",
        "{revision: integer | null, warnings: Warnings, impact: [Impact], confirm_seconds?: integer, scheduled?: time}", || post(sessions::commit)),
    change(Method::Post, "/v1/sessions/{id}/discard", "Makes the candidate the running configuration again", NOTHING, NOTHING, || post(sessions::discard)).quiet(),
    change(Method::Post, "/v1/sessions/{id}/rollback", "Makes a revision the candidate", "{revision: integer}", "Changes", || post(sessions::rollback)).quiet(),
    change(Method::Post, "/v1/clear/commit", "Cancels the commit that is scheduled; its changes are gone", NOTHING, NOTHING, || post(sessions::unschedule)),
    change(Method::Post, "/v1/confirm", "Keeps the commit that waits for confirmation", NOTHING, NOTHING, || post(sessions::confirm)),

    show("/v1/configuration", "A configuration; its text, or with format=json its tree. Secrets are masked",
        &[parameter("source", "string", SOURCE), parameter("session", "string", "Whose candidate"),
          parameter("format", "\"curly\" | \"set\" | \"ios\" | \"json\"", "Default curly"),
          parameter("path", "string", "Only what is at and below these words"),
          parameter("secrets", "boolean", "Secrets as they are; administrators only")],
        "{text?: string, tree?: {...}}", || get(configuration::show)),
    change(Method::Post, "/v1/sessions/{id}/compare", "What differs between two configurations, one of which is the body's text; from (text) and to (candidate) are text, running, candidate, scheduled or a revision's number",
        "{text: string, from?: string, to?: string, format?: \"diff\" | \"set\"}", "Text", || post(configuration::compare_text)).quiet(),
    show("/v1/compare", "What differs between two configurations",
        &[parameter("from", "string", SOURCE), parameter("to", "string", SOURCE), parameter("session", "string", "Whose candidate"),
          parameter("format", "\"diff\" | \"set\"", "Default diff")],
        "Text", || get(configuration::compare)),
    show("/v1/revisions", "The committed configurations, newest first; confirm: the newest is rolled back in so many seconds unless confirmed; scheduled: one waits for its time, or failed then; archive: what became of copies", &[],
        "{revisions: [Revision], confirm?: {seconds: integer}, scheduled?: Scheduled, archive?: {written: integer, failed: integer, dropped: integer, last_failure: string | null}}", || get(configuration::revisions)),

    show("/v1/flow/records", "Flow records", NAME, "{records: [Record]}", || get(|control, named| flow::show("records", control, named))),
    show("/v1/flow/samplers", "Samplers", NAME, "{samplers: [Sampler]}", || get(|control, named| flow::show("samplers", control, named))),
    show("/v1/flow/interfaces", "Interfaces with a flow monitor", NAME, "{interfaces: [Metered]}", || get(|control, named| flow::show("interfaces", control, named))),
    show("/v1/flow/monitors", "Flow monitors", NAME, "{monitors: [Monitor]}", || get(|control, named| flow::show("monitors", control, named))),
    show("/v1/flow/exporters", "Flow exporters", NAME, "{exporters: [Exporter]}", || get(|control, named| flow::show("exporters", control, named))),
    show("/v1/flow/routes", "What is known of the host's routes; all members but wanted are missing while no record speaks of routes", &[],
        "{wanted: boolean, ipv4_prefixes?: integer, ipv6_prefixes?: integer, changes?: integer, states?: integer, readings?: integer, seconds_since_reading?: integer | null, reading_microseconds?: integer, overruns?: integer, unread_messages?: integer, left_out_routes?: integer, unknown_rules?: integer, error?: string | null}",
        || get(flow::routes)),
    show("/v1/flow/loss", "The loss ledger: where every packet, record and datagram went", &[],
        "{monitors: [MonitorLedger], exporters: [ExporterLedger], samplicators: [SamplicatorLedger], balanced: boolean}", || get(flow::loss)),
    show("/v1/flow/monitors/{name}/cache", "The flows in a cache. A listing is answered in parts: next is the after of the next one. At most 4,194,304 groups are made",
        &[parameter("filter", "[string]", "FIELD=VALUE or FIELD~REGEXP; all hold"), parameter("aggregate", "[string]", "One row for all flows that agree in these fields"),
          parameter("collect", "[string]", "Fields such a row has beside the counters"), parameter("sort", "string", "Field to sort by, highest first"),
          parameter("lowest", "boolean", "Lowest first"), parameter("top", "integer", "Rows, at most 100,000; default 10,000"),
          parameter("limit", "integer", "The same"), parameter("after", "string", "Where the part before this one ended")],
        "{monitor: string, cache: Cache, fields: [Field], total: integer, matched?: integer, aggregated?: integer, shown: integer, flows: [Flow], next: string | null}",
        || get(flow::cache)),
    show("/v1/flow/path", "Which monitors and exporters a flow takes, and how it is routed",
        &[parameter("source", "string", "Source address").required(), parameter("destination", "string", "Destination address").required(),
          parameter("protocol", "integer", "IP protocol"), parameter("source_port", "integer", "Source port"), parameter("destination_port", "integer", "Destination port"),
          parameter("interface", "string", "Where it comes in; default where the route to its source leads")],
        "{source: string, destination: string, protocol: integer, source_port: integer, destination_port: integer, input: string | null, input_assumed: boolean, route: {kind: \"forward\" | \"local\" | \"discard\" | \"none\", prefix: string | null, output: string | null, next_hop: string | null}, monitors: [FlowPath]}",
        || get(flow::path)),
    show("/v1/flow-accounting", "The flow-accounting table",
        &[parameter("interface", "string", "Only this one"), parameter("host", "string", "Source or destination address"),
          parameter("port", "string", "Source or destination port: 22, 80-89 or 53,123"), parameter("top", "integer", "So many flows, most octets first"),
          parameter("count", "integer", "At most so many flows")],
        "{interfaces: [{interface: string, entries: integer, total_flows: integer, total_packets: integer, total_octets: integer, flows: [Flow]}]}",
        || get(flow::accounting)),

    show("/v1/samplicators", "Samplicators", NAME, "{samplicators: [Samplicator]}", || get(relay::samplicators)),
    show("/v1/samplicators/{name}/receivers", "Its receivers", &[], "{samplicator: string, receivers: [Receiver]}", || get(|control, name| relay::part("receivers", control, name))),
    show("/v1/samplicators/{name}/sources", "The exporters that send to it", &[], "{samplicator: string, sources: [Source]}", || get(|control, name| relay::part("sources", control, name))),
    show("/v1/samplicators/{name}/templates", "The templates it keeps", &[], "{samplicator: string, templates: [KeptTemplate]}", || get(|control, name| relay::part("templates", control, name))),

    change(Method::Post, "/v1/clear/monitor/{name}", "Ends the flows of a monitor, exports them, or forgets its counters",
        "{what: \"cache\" | \"statistics\" | \"force-export\"}", "{flows: integer}", || post(flow::clear_monitor)),
    change(Method::Post, "/v1/clear/exporter/{name}", "Forgets what an exporter sent", NOTHING, NOTHING, || post(flow::clear_exporter)),
    change(Method::Post, "/v1/clear/samplicator/{name}", "Forgets what a samplicator counted; templates and sources stay", NOTHING, NOTHING, || post(relay::clear)),
    change(Method::Post, "/v1/replay/samplicator/{name}", "Tells receivers of a samplicator all templates again, each before its exporter's next datagram",
        "{receiver?: string}", "{receivers: [string]}", || post(relay::replay)),
    change(Method::Post, "/v1/clear/flow-accounting", "Ends and exports the flows of the flow-accounting table", NOTHING, "{flows: integer}", || post(flow::clear_accounting)),
];

//! The flow probe: records, samplers, interfaces, monitors, exporters, the flows in caches, and the way of one flow.

mod accounting;
mod cache;
mod exporter;
mod interface;
mod monitor;
mod rates;
mod record;
mod route;

pub use accounting::{AccountedInterface, Accounting};
pub use cache::{CacheFlows, Field, FieldKind, Flow, FlowValue};
pub use exporter::{
    ExportProtocol, Exporter, ExporterClient, ExporterState, ExporterStatistics, Exporters,
    Template, TemplateField,
};
pub use interface::{
    Attachment, Direction, Engine, Family, FragmentCounts, MeteredInterface, MeteredInterfaces,
    Ring, RingState, Sampler, Samplers, SamplingMode, TunnelCounts,
};
pub use monitor::{
    Aged, Cache, CacheType, Clear, ClearTarget, Cleared, Monitor, MonitorStatus, Monitors,
    PacketStatistics, ProtocolTally, SizeClass, Timeouts,
};
pub use rates::{AccountingRates, FlowRate, InterfaceRate, Rate, RateOrder};
pub use record::{Record, RecordField, Records};
pub use route::{FlowPath, FlowRoute, PathExporter, PathMonitor, PathSampler, RouteKind, Routes};

crate::route::routes! {
    /// Flow records.
    RECORDS: Get<crate::query::NameQuery, Records> = Get "/v1/flow/records";
    /// Samplers.
    SAMPLERS: Get<crate::query::NameQuery, Samplers> = Get "/v1/flow/samplers";
    /// Interfaces with a flow monitor.
    METERED_INTERFACES: Get<crate::query::NameQuery, MeteredInterfaces> = Get "/v1/flow/interfaces";
    /// Flow monitors.
    MONITORS: Get<crate::query::NameQuery, Monitors> = Get "/v1/flow/monitors";
    /// Flow exporters.
    EXPORTERS: Get<crate::query::NameQuery, Exporters> = Get "/v1/flow/exporters";
    /// What is known of the host's routes.
    ROUTES: Get<Nothing, Routes> = Get "/v1/flow/routes";
    /// The flows in a monitor's cache. A listing is answered in parts: next is the after of the next one. At most
    /// 4,194,304 groups are made.
    CACHE: Get<crate::query::CacheQuery, CacheFlows> = Get "/v1/flow/monitors/{name}/cache";
    /// Which monitors and exporters a flow takes, and how it is routed.
    FLOW_PATH: Get<crate::query::PathQuery, FlowPath> = Get "/v1/flow/path";
    /// The flow-accounting table.
    ACCOUNTING: Get<crate::query::AccountingQuery, Accounting> = Get "/v1/flow-accounting";
    /// How fast the flows of flow-accounting are, since an answer before.
    ACCOUNTING_RATES: Get<crate::query::AccountingRatesQuery, AccountingRates> =
        Get "/v1/flow-accounting/rates";
    /// Discards the flows of a monitor, exports them, or clears its counters.
    CLEAR_MONITOR: Post<Clear, Cleared> = Post "/v1/clear/monitor/{name}";
    /// Clears the counters of an exporter.
    CLEAR_EXPORTER: Post<Nothing, Nothing> = Post "/v1/clear/exporter/{name}";
    /// Ends and exports the flows of the flow-accounting table.
    CLEAR_ACCOUNTING: Post<Nothing, Cleared> = Post "/v1/clear/flow-accounting";
}

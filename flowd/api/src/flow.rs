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
    ExportProtocol, ExportTransport, Exporter, ExporterClient, ExporterFailed, ExporterSession,
    ExporterState, ExporterStatistics, Exporters, ReplayedExporter, Template, TemplateField,
};
pub use interface::{
    Attachment, Direction, Engine, Family, FragmentCounts, MeteredInterface, MeteredInterfaces,
    Ring, RingState, Sampler, Samplers, SamplingMode, TunnelCounts,
};
pub use monitor::{
    Aged, Cache, CacheType, Clear, ClearTarget, Cleared, Monitor, MonitorStatus, Monitors,
    PacketStatistics, ProtocolTally, SizeClass, Timeouts,
};
pub use rates::{
    AccountingRates, FlowRate, InterfaceRate, MonitorTop, Rate, RateOrder, TopMeasure, TopRow,
};
pub use record::{Fields, KnownField, Record, RecordField, Records};
pub use route::{FlowPath, FlowRoute, PathExporter, PathMonitor, PathSampler, RouteKind, Routes};

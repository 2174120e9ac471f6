//! The routes of the flow probe with their query parameters, and those of lists that can be narrowed to one name.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::flow::{
    Accounting, AccountingRates, CacheFlows, Clear, Cleared, Exporters, Fields, FlowPath,
    MeteredInterfaces, MonitorTop, Monitors, RateOrder, Records, ReplayedExporter, Routes,
    Samplers, TopMeasure,
};

/// Which of the named things to show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NameQuery {
    /// Only the one of this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Which fields of records to show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldsQuery {
    /// Only fields with elements of enterprises, which only IPFIX can have, or only others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enterprise: Option<bool>,
}

/// Which of the host's interfaces to show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InterfacesQuery {
    /// Only the one of this name, or the one that a router's name such as `GigabitEthernet0/1` stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only loopback interfaces, or only others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loopback: Option<bool>,
}

/// Which samplicators to show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SamplicatorsQuery {
    /// Only the one of this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Only receivers of this name, and samplicators that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiver: Option<String>,
}

/// Which flows of a cache to show, and how they are put together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CacheQuery {
    /// Conditions that all hold, each FIELD=VALUE, or FIELD~REGEXP for a regular expression.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filter: Vec<String>,
    /// Fields: flows that agree in all of them are one row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aggregate: Vec<String>,
    /// Fields that such a row has beside the counters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub collect: Vec<String>,
    /// The field to sort by, highest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// Lowest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lowest: Option<bool>,
    /// The number of rows, at most 100,000; default 10,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top: Option<u64>,
    /// The same as `top`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Where the listing goes on: `next` of the answer before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Which flows of the flow-accounting table to show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountingQuery {
    /// Only this interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// The source or destination address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub host: Option<IpAddr>,
    /// The source or destination port: 22, 80-89 or 53,123.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// The number of flows, those with most octets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top: Option<u64>,
    /// The number of flows at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Whether packets and octets are multiplied by the sampling rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaled: Option<bool>,
}

/// Which of a monitor's flows are the largest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TopQuery {
    /// What is compared; default `bytes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<TopMeasure>,
    /// The number of rows, at most 5000; default 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top: Option<u64>,
    /// Whether packets and octets are multiplied by the sampling rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaled: Option<bool>,
    /// The reading that rates are since, `next` of the answer before. Without it there are no rates yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// How many of the flows of flow-accounting to show, and which first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountingRatesQuery {
    /// Only this interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// Which flows come first; default `bits`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<RateOrder>,
    /// The number of flows; default 10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub top: Option<u64>,
    /// The reading that rates are since, `next` of the answer before. Without it there are no rates yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// A flow whose way is asked for. It need not be in any cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PathQuery {
    /// The source address.
    #[schemars(with = "String")]
    pub source: IpAddr,
    /// The destination address, of the same family.
    #[schemars(with = "String")]
    pub destination: IpAddr,
    /// The IP protocol.
    #[serde(default)]
    pub protocol: u8,
    /// The source port.
    #[serde(default)]
    pub source_port: u16,
    /// The destination port.
    #[serde(default)]
    pub destination_port: u16,
    /// The interface where it comes in; default where the route to its source leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
}

crate::route::routes! {
    /// Flow records.
    RECORDS: Get<NameQuery, Records> = Get "/v1/flow/records";
    /// Samplers.
    SAMPLERS: Get<NameQuery, Samplers> = Get "/v1/flow/samplers";
    /// Interfaces with a flow monitor.
    METERED_INTERFACES: Get<NameQuery, MeteredInterfaces> = Get "/v1/flow/interfaces";
    /// Flow monitors.
    MONITORS: Get<NameQuery, Monitors> = Get "/v1/flow/monitors";
    /// Flow exporters.
    EXPORTERS: Get<NameQuery, Exporters> = Get "/v1/flow/exporters";
    /// The fields of records with the numbers that they have in templates.
    FIELDS: Get<FieldsQuery, Fields> = Get "/v1/flow/fields";
    /// State of the host's routing tables.
    ROUTES: Get<Nothing, Routes> = Get "/v1/flow/routes";
    /// The flows in a monitor's cache. A listing is answered in parts: next is the after of the next one. At most
    /// 4,194,304 groups are made.
    CACHE: Get<CacheQuery, CacheFlows> = Get "/v1/flow/monitors/{name}/cache";
    /// The largest flows in a monitor's cache, their share of everything, and how fast they are since an answer before.
    MONITOR_TOP: Get<TopQuery, MonitorTop> = Get "/v1/flow/monitors/{name}/top";
    /// Which monitors and exporters a flow takes, and how it is routed.
    FLOW_PATH: Get<PathQuery, FlowPath> = Get "/v1/flow/path";
    /// The flow-accounting table.
    ACCOUNTING: Get<AccountingQuery, Accounting> = Get "/v1/flow-accounting";
    /// How fast the flows of flow-accounting are, since an answer before.
    ACCOUNTING_RATES: Get<AccountingRatesQuery, AccountingRates> =
        Get "/v1/flow-accounting/rates";
    /// Discards the flows of a monitor, exports them, or clears its counters.
    CLEAR_MONITOR: Post<Clear, Cleared> = Post "/v1/clear/monitor/{name}";
    /// Clears the counters of an exporter.
    CLEAR_EXPORTER: Post<Nothing, Nothing> = Post "/v1/clear/exporter/{name}";
    /// Sends an exporter's templates and options again, at once.
    REPLAY_EXPORTER: Post<Nothing, ReplayedExporter> = Post "/v1/replay/exporter/{name}";
    /// Ends and exports the flows of the flow-accounting table.
    CLEAR_ACCOUNTING: Post<Nothing, Cleared> = Post "/v1/clear/flow-accounting";
}

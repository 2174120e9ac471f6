//! Which values of the host's routes a record needs, and when.

use flow::Layout;
use wire::{Header, Span, at};

/// A set of values to look up in the routes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RouteValues(pub(crate) u8);

impl RouteValues {
    /// Output interface, next hop, prefix length and prefix of the destination.
    pub(crate) const DESTINATION: RouteValues = RouteValues(1);
    /// Prefix length and prefix of the source.
    pub(crate) const SOURCE: RouteValues = RouteValues(2);
    pub(crate) const VRF: RouteValues = RouteValues(4);

    pub(crate) fn has(self, part: RouteValues) -> bool {
        self.0 & part.0 != 0
    }

    fn among(mask: &[u8; Header::LEN]) -> RouteValues {
        let spoken = |span: Span| mask[span.range()].iter().any(|octet| *octet != 0);
        let spans = [
            (at::OUTPUT, RouteValues::DESTINATION),
            (at::NEXT_HOP, RouteValues::DESTINATION),
            (at::DESTINATION_MASK, RouteValues::DESTINATION),
            (at::DESTINATION_PREFIX, RouteValues::DESTINATION),
            (at::SOURCE_MASK, RouteValues::SOURCE),
            (at::SOURCE_PREFIX, RouteValues::SOURCE),
            (at::INPUT_VRF, RouteValues::VRF),
        ];
        let parts = spans.into_iter().filter(|(span, _)| spoken(*span));
        parts.fold(RouteValues::default(), |all, (_, part)| {
            RouteValues(all.0 | part.0)
        })
    }
}

/// The values that a layout needs from the routes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct WantedRoutes {
    /// Needed of each packet, because they belong to the key.
    pub(crate) key: RouteValues,
    /// Needed of the first packet of a flow.
    pub(crate) first: RouteValues,
}

impl WantedRoutes {
    pub(crate) fn by(layout: &Layout) -> WantedRoutes {
        WantedRoutes {
            key: RouteValues::among(layout.key_mask()),
            first: RouteValues::among(layout.keep_mask()),
        }
    }

    /// Whether anything is needed.
    pub(crate) fn any(self) -> bool {
        self.first != RouteValues::default()
    }
}

//! `show service metrics`.

use api::metrics::Metrics;

use super::{Page, grouped};

/// The state of the metrics service.
pub(crate) fn metrics(answer: &Metrics) -> String {
    let mut page = Page::default();
    if answer.listeners.is_empty() {
        page.line("The service is not configured.");
        return page.0;
    }
    for one in &answer.listeners {
        let at = std::net::SocketAddr::new(one.address, one.port);
        let state = match &one.down {
            None => format!("http://{at}/metrics"),
            Some(why) => format!("{at}: down: {why}; trying again"),
        };
        page.line(format!("Listening:        {state}"));
    }
    let allowed = match answer.allow.is_empty() {
        true => "every host".to_owned(),
        false => answer.allow.join(", "),
    };
    page.line(format!("Allowed:          {allowed}"));
    page.line(format!("Answers:          {}", grouped(answer.scrapes)));
    page.line(format!(
        "Denied:           {} connections",
        grouped(answer.denied)
    ));
    page.0
}

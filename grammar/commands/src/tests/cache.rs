//! The options of `show flow monitor NAME cache` and `show flow-accounting`.

use super::*;

#[test]
fn cache_options_in_any_order() {
    let expected = Command::ShowCache {
        monitor: "M".into(),
        view: CacheView {
            sort: Some("counter bytes".into()),
            top: Some(10),
            layout: Some(Layout::Csv),
            ..CacheView::default()
        },
    };
    for line in [
        "show flow monitor M cache sort highest counter bytes top 10 format csv",
        "sh fl mo M ca form csv sort high counter bytes top 10",
    ] {
        assert_eq!(operational(line).command, expected, "{line}");
    }
    let Command::ShowCache { view, .. } =
        operational("show flow monitor M cache sort lowest octetDeltaCount").command
    else {
        panic!()
    };
    assert_eq!(
        view,
        CacheView {
            sort: Some("octetDeltaCount".into()),
            lowest: true,
            ..CacheView::default()
        }
    );
}

fn cache_view(line: &str) -> CacheView {
    match operational(line).command {
        Command::ShowCache { view, .. } => view,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn a_cache_is_filtered_and_aggregated() {
    let view = cache_view(
        "show flow monitor M cache filter ipv4 source address 10.0.0.0/8 transport destination-port 443,8000-8999 \
         ipv4 protocol regexp \"^(6|17)$\" aggregate ipv4 destination address ipv4 protocol collect transport tcp flags \
         sort highest counter flows top format csv",
    );
    let condition = |field: &str, regexp, text: &str, start| Condition {
        field: field.into(),
        regexp,
        value: Tail {
            text: text.into(),
            start,
        },
    };
    let expected = CacheView {
        filter: vec![
            condition("ipv4 source address", false, "10.0.0.0/8", 53),
            condition("transport destination-port", false, "443,8000-8999", 91),
            condition("ipv4 protocol", true, "^(6|17)$", 126),
        ],
        aggregate: vec!["ipv4 destination address".into(), "ipv4 protocol".into()],
        collect: vec!["transport tcp flags".into()],
        sort: Some("counter flows".into()),
        lowest: false,
        top: Some(20),
        layout: Some(Layout::Csv),
    };
    assert_eq!(view, expected);
    // Abbreviated, in another order, and IANA's names.
    assert_eq!(
        cache_view(
            "sh fl mon M ca form csv so high cou fl top 20 agg ipv4 dest addr ipv4 prot coll trans tcp fl \
             filter ipv4 source address 10.0.0.0/8 trans dest 443,8000-8999 ipv4 prot regexp \"^(6|17)$\" | count"
        )
        .aggregate,
        expected.aggregate
    );
    let view = cache_view(
        "show flow monitor M cache filter sourceIPv4Address 10.0.0.1 octetDeltaCount 5-",
    );
    assert_eq!(view.filter.len(), 2);
    assert_eq!(view.filter[1].field, "octetDeltaCount");
}

#[test]
fn accounting_options_in_any_order_each_once() {
    let view = AccountingView {
        interface: Some("eth1".into()),
        host: Some("10.0.0.1".parse().unwrap()),
        port: Some("80-89".into()),
        top: Some(10),
        count: Some(5),
        unscaled: false,
    };
    for line in [
        "show flow-accounting interface eth1 host 10.0.0.1 port 80-89 top 10 count 5",
        "show flow-accounting count 5 top 10 host 10.0.0.1 port 80-89 interface eth1",
    ] {
        assert_eq!(
            operational(line).command,
            Command::ShowAccounting(view.clone()),
            "{line}"
        );
    }
    let problem = parse("show flow-accounting top 10 top 5", Mode::Operational).unwrap_err();
    assert_eq!((problem.column, problem.length), (29, 3));
}

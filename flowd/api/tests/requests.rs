//! Requests: what they take, what they leave out, and that they refuse members they do not know.

use api::complete::{CommandMode, CompleteQuery};
use api::query::{CacheQuery, PathQuery};
use api::{Nothing, configuration, flow, host, samplicator, session};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// `text` is read and written again, and refused with one member more.
#[track_caller]
fn strict<T: Serialize + DeserializeOwned>(text: &str) {
    let body: T = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(serde_json::to_string(&body).unwrap(), text);
    let comma = if text == "{}" { "" } else { "," };
    let more = format!("{}{comma}\"no-such\":1}}", &text[..text.len() - 1]);
    let refused = serde_json::from_str::<T>(&more)
        .err()
        .expect("it is refused");
    assert!(refused.to_string().contains("no-such"), "{refused}");
}

#[test]
fn bodies_are_read_written_and_strict() {
    strict::<Nothing>("{}");
    strict::<session::Begin>("{}");
    strict::<session::Begin>(r#"{"via":"cli","exclusive":"connection"}"#);
    strict::<session::Edit>(r#"{"text":"set flow"}"#);
    strict::<session::Edit>(
        r#"{"text":"t","dialect":"ios","mode":"override","path":["flow","monitor"]}"#,
    );
    strict::<session::Commit>("{}");
    strict::<session::Commit>(r#"{"comment":"c","confirm_minutes":10,"at":"23:59"}"#);
    strict::<session::Rollback>(r#"{"revision":1}"#);
    strict::<configuration::CompareText>(
        r#"{"text":"t","from":"text","to":"running","format":"set"}"#,
    );
    strict::<flow::Clear>(r#"{"what":"force-export"}"#);
    strict::<samplicator::Replay>(r#"{"receiver":"C"}"#);
}

#[test]
fn a_query_is_read_and_written_with_parameters_that_repeat() {
    let text =
        "filter=protocolIdentifier%3D6&filter=destinationTransportPort%7E%5E4&aggregate=a+b&top=5";
    let query: CacheQuery = serde_html_form::from_str(text).unwrap();
    assert_eq!(
        query.filter,
        ["protocolIdentifier=6", "destinationTransportPort~^4"]
    );
    assert_eq!(
        (query.aggregate.as_slice(), query.top),
        (&["a b".to_owned()][..], Some(5))
    );
    assert_eq!(serde_html_form::to_string(&query).unwrap(), text);

    let query = CompleteQuery {
        line: "show flow ".into(),
        mode: Some(CommandMode::Operational),
        level: vec!["flow".into(), "monitor".into()],
        ..CompleteQuery::default()
    };
    let text = serde_html_form::to_string(&query).unwrap();
    assert_eq!(
        serde_html_form::from_str::<CompleteQuery>(&text).unwrap(),
        query
    );

    let query: PathQuery =
        serde_html_form::from_str("source=192.0.2.1&destination=192.0.2.2").unwrap();
    assert_eq!((query.protocol, query.interface), (0, None));
    let refused = serde_html_form::from_str::<host::LogQuery>("lines=many").unwrap_err();
    assert!(!refused.to_string().is_empty());
    let refused = serde_html_form::from_str::<host::NamesQuery>("kind=file").unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("no kind file; possible: interface"),
        "{refused}"
    );
    assert!(serde_html_form::from_str::<Nothing>("a=1").is_err());
}

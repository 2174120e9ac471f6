use super::*;

#[test]
fn every_name_in_the_document_is_there_and_is_used() {
    let document = serde_json::to_value(document(&endpoints())).unwrap();
    let text = document.to_string();
    let names = text
        .split("#/components/schemas/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next());
    let types = document["components"]["schemas"].as_object().unwrap();
    for name in names {
        assert!(types.contains_key(name), "{name}");
    }
    for name in types.keys() {
        let named = text.contains(&format!("schemas/{name}\""));
        assert!(named, "nothing has the type {name}");
        let described = types[name]["description"].as_str();
        assert!(described.is_some_and(|text| !text.is_empty()), "{name}");
    }
    assert!(!text.contains(NULLABLE));
}

#[test]
fn a_request_and_an_answer_have_one_type_each_or_the_same() {
    let settings = SchemaSettings::draft2020_12;
    let mut requests = settings().for_deserialize().into_generator();
    let mut answers = settings().for_serialize().into_generator();
    for endpoint in endpoints() {
        (endpoint.body)(&mut requests);
        (endpoint.answer)(&mut answers);
    }
    let answers = answers.take_definitions(true);
    for (name, schema) in requests.take_definitions(true) {
        assert!(
            answers.get(&name).is_none_or(|other| *other == schema),
            "{name}"
        );
    }
}

#[test]
fn a_member_may_be_null_only_where_answers_have_null() {
    let document = serde_json::to_value(document(&endpoints())).unwrap();
    let types = &document["components"]["schemas"];
    let member = |of: &str, name: &str| types[of]["properties"][name]["type"].clone();
    assert_eq!(member("Version", "revision"), json!(["integer", "null"]));
    assert_eq!(member("Committed", "confirm_seconds"), json!("integer"));
    assert_eq!(member("Exporter", "reason"), json!(["string", "null"]));
    assert_eq!(member("Commit", "at"), json!("string"));
    assert_eq!(types["Commit"]["additionalProperties"], false);
    assert_eq!(types["Version"]["additionalProperties"], false);
}

#[test]
fn a_route_that_changes_something_is_an_administrators() {
    for endpoint in endpoints() {
        let shows = endpoint.method == Method::Get;
        let operators = endpoint.role == api::host::Role::Operator;
        assert_eq!(operators, shows, "{}", endpoint.path);
        assert!(
            parameters(&endpoint).is_empty() || shows,
            "{}",
            endpoint.path
        );
    }
}

#[test]
fn every_route_has_a_handler() {
    let handled: Vec<_> = endpoints()
        .iter()
        .map(|one| (one.method, one.path))
        .collect();
    let declared: Vec<_> = api::routes::all().collect();
    for route in &declared {
        assert!(handled.contains(route), "{route:?}");
    }
    assert_eq!(handled.len(), declared.len());
}

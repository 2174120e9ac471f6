//! Answers for tests: only what a test is about is written, the rest is filled in.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// The answer with these members. What it must have beside them is null, 0, false, empty, or the first of its words.
#[track_caller]
pub(crate) fn filled<A: DeserializeOwned + JsonSchema>(members: &Value) -> A {
    let value = filled_json::<A>(members);
    serde_json::from_value(value).unwrap_or_else(|error| panic!("{error}: {members}"))
}

/// The same as JSON.
pub(crate) fn filled_json<A: JsonSchema>(members: &Value) -> Value {
    let schema = schemars::schema_for!(A).to_value();
    let definitions = schema["$defs"].clone();
    fill(&schema, &definitions, Some(members))
}

fn fill(schema: &Value, definitions: &Value, given: Option<&Value>) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.trim_start_matches("#/$defs/");
        return fill(&definitions[name], definitions, given);
    }
    let mut alternatives = schema["anyOf"].as_array().into_iter().flatten();
    let null = json!({"type": "null"});
    if let Some(alternative) = alternatives.find(|one| **one != null) {
        return match given {
            None | Some(Value::Null) => Value::Null,
            given => fill(alternative, definitions, given),
        };
    }
    match given {
        Some(Value::Object(members)) => {
            let mut object = Map::new();
            let properties = schema["properties"].as_object();
            let required = schema["required"].as_array();
            for (name, property) in properties.into_iter().flatten() {
                let must = required.is_some_and(|names| names.contains(&json!(name)));
                let given = members.get(name);
                if must || given.is_some() {
                    object.insert(name.clone(), fill(property, definitions, given));
                }
            }
            let others = &schema["additionalProperties"];
            for (name, member) in members {
                if !object.contains_key(name) {
                    object.insert(name.clone(), fill(others, definitions, Some(member)));
                }
            }
            Value::Object(object)
        }
        Some(Value::Array(elements)) => {
            let element = |given| fill(&schema["items"], definitions, Some(given));
            elements.iter().map(element).collect()
        }
        None | Some(Value::Null) => nothing(schema, definitions),
        Some(given) => given.clone(),
    }
}

/// The least value that a schema allows.
fn nothing(schema: &Value, definitions: &Value) -> Value {
    if let Some(word) = schema["enum"].as_array().and_then(|words| words.first()) {
        return word.clone();
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        one => vec![one.clone()],
    };
    if types.contains(&json!("null")) {
        return Value::Null;
    }
    match types.first().and_then(Value::as_str) {
        Some("object") => fill(schema, definitions, Some(&json!({}))),
        Some("array") => json!([]),
        Some("string") => json!(""),
        Some("integer") => json!(0),
        Some("number") => json!(0.0),
        Some("boolean") => json!(false),
        _ => Value::Null,
    }
}

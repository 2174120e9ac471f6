//! `/v1/openapi.json`: the API's description (OpenAPI 3.1), made of the routes and the schemas of their types.

use std::sync::LazyLock;

use api::Errors;
use api::host::Document;
use api::routes::Method;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::endpoint::{Answer, Call, Endpoint};
use super::endpoints;

/// The extension by which a member that may be null and missing says so; see [`plain`].
const NULLABLE: &str = "x-nullable";

static DOCUMENT: LazyLock<Document> = LazyLock::new(|| document(&endpoints()));

pub(super) async fn serve(_: Call) -> Answer<Document> {
    Ok(DOCUMENT.clone())
}

/// Schemas of requests and of answers. They differ in what is required: a request may leave out what has a default.
struct Schemas {
    requests: SchemaGenerator,
    answers: SchemaGenerator,
}

fn document(endpoints: &[Endpoint]) -> Document {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut schemas = Schemas {
        requests: settings.clone().for_deserialize().into_generator(),
        answers: settings.for_serialize().into_generator(),
    };
    let mut paths = Map::new();
    for endpoint in endpoints {
        let path = paths
            .entry(endpoint.path)
            .or_insert_with(|| Value::Object(Map::new()));
        path[endpoint.method.name().to_lowercase()] = schemas.operation(endpoint);
    }
    let mut types = schemas.requests.take_definitions(true);
    types.extend(schemas.answers.take_definitions(true));
    types.sort_keys();
    let mut types = Value::Object(types);
    plain(&mut types);
    let members = json!({
        "info": {
            "title": "flowd management API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "HTTP with JSON over the Unix socket of flowd. The peer's credentials decide who is asking: an operator may what has x-role operator, an administrator all.",
        },
        "servers": [{ "url": "/", "description": "curl --unix-socket /run/flowd/flowd.sock http://flowd/v1/version" }],
        "paths": paths,
        "components": { "schemas": types },
    });
    Document {
        openapi: "3.1.0".into(),
        members: match members {
            Value::Object(members) => members,
            _ => Map::new(),
        },
    }
}

impl Schemas {
    fn operation(&mut self, endpoint: &Endpoint) -> Value {
        let in_path = segments(endpoint.path).map(|name| {
            json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })
        });
        let parameters: Vec<Value> = in_path.chain(parameters(endpoint)).collect();
        let mut answer =
            |description: &str, schema: fn(&mut SchemaGenerator) -> schemars::Schema| {
                let schema = schema(&mut self.answers);
                json!({ "description": description, "content": { "application/json": { "schema": schema } } })
            };
        let mut operation = json!({
            "operationId": endpoint.name.to_lowercase(),
            "tags": [tag(endpoint.path)],
            "summary": endpoint.summary,
            "x-role": endpoint.role.word(),
            "parameters": parameters,
            "responses": {
                "200": answer("Done", endpoint.answer),
                "default": answer("Refused", SchemaGenerator::subschema_for::<Errors>),
            },
        });
        if endpoint.method == Method::Post {
            let schema = (endpoint.body)(&mut self.requests);
            operation["requestBody"] =
                json!({ "content": { "application/json": { "schema": schema } } });
        }
        operation
    }
}

/// The parameters of a route's query: the members of its type.
fn parameters(endpoint: &Endpoint) -> Vec<Value> {
    // A schema of its own, as parameters stand where they are used.
    let mut generator = SchemaSettings::draft2020_12()
        .for_deserialize()
        .into_generator();
    (endpoint.query)(&mut generator);
    let types = generator.take_definitions(true);
    let Some((_, mut query)) = types.into_iter().next() else {
        return Vec::new();
    };
    plain(&mut query);
    let required: Vec<Value> = query["required"].as_array().cloned().unwrap_or_default();
    let Some(members) = query["properties"].as_object_mut() else {
        return Vec::new();
    };
    let parameter = |(name, schema): (&String, &mut Value)| {
        let description = schema
            .as_object_mut()
            .and_then(|schema| schema.remove("description"));
        json!({
            "name": name,
            "in": "query",
            "description": description,
            "required": required.iter().any(|one| one == name),
            "schema": schema,
        })
    };
    members.iter_mut().map(parameter).collect()
}

/// The names of the parameters of a route's query.
pub(super) fn parameter_names(endpoint: &Endpoint) -> Vec<String> {
    let parameters = parameters(endpoint);
    let names = parameters.iter().filter_map(|one| one["name"].as_str());
    names.map(str::to_owned).collect()
}

/// Makes schemas say what JSON really has: a member that is not required is missing where it has no value, and not null
/// (but for those marked [`NULLABLE`]); an object has no members beside those that are listed.
fn plain(schema: &mut Value) {
    if let Some(items) = schema.as_array_mut() {
        items.iter_mut().for_each(plain);
    }
    let Some(schema) = schema.as_object_mut() else {
        return;
    };
    schema.values_mut().for_each(plain);
    let required = schema.get("required").cloned().unwrap_or_default();
    let required: Vec<&str> = required
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let Some(Value::Object(members)) = schema.get_mut("properties") else {
        return;
    };
    for (name, member) in members {
        let Some(member) = member.as_object_mut() else {
            continue;
        };
        if member.remove(NULLABLE).is_none() && !required.contains(&name.as_str()) {
            without_null(member);
        }
        // A value of null is as good as a member that is missing, and says less.
        member.retain(|word, value| word != "default" || !value.is_null());
    }
    schema
        .entry("additionalProperties")
        .or_insert(Value::Bool(false));
}

/// Takes the alternative null out of a schema.
fn without_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|one| one != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(words)) = schema.get_mut("enum") {
        words.retain(|word| !word.is_null());
    }
    if let Some(Value::Array(alternatives)) = schema.get_mut("anyOf") {
        alternatives.retain(|one| one["type"] != "null");
        if let [Value::Object(only)] = alternatives.as_slice() {
            let only = only.clone();
            schema.remove("anyOf");
            schema.extend(only);
        }
    }
}

/// What a generated client puts the route's function under.
fn tag(path: &str) -> &str {
    path.split('/').nth(2).unwrap_or_default()
}

/// The names in braces of a path.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

#[cfg(test)]
mod tests;

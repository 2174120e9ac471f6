//! `/v1/openapi.json`: the API's description (OpenAPI 3.1), made of the table of routes.

use axum::Json;
use serde_json::{Map, Value, json};

use super::error::ApiError;
use super::shape::schema;
use super::table::{Parameter, ROUTES, Route};
use super::types::TYPES;
use super::{Answer, StatusCode};

pub(super) async fn serve() -> Answer {
    let document = document().map_err(|wrong| {
        ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("the API's description is wrong: {wrong}"),
        )
    })?;
    Ok(Json(document))
}

/// The document, or what of the table has a wrong shape.
pub(super) fn document() -> Result<Value, String> {
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths
            .entry(route.path)
            .or_insert_with(|| Value::Object(Map::new()));
        path[route.method.word()] = operation(route)?;
    }
    let mut schemas = Map::new();
    for (name, help, shape) in TYPES {
        let mut schema = schema(shape)?;
        schema["description"] = (*help).into();
        schemas.insert((*name).to_owned(), schema);
    }
    Ok(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "flowd management API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "HTTP with JSON over the Unix socket of flowd. The peer's credentials decide who is asking: an operator may what has x-role operator, an administrator all.",
        },
        "servers": [{ "url": "/", "description": "curl --unix-socket /run/flowd/flowd.sock http://flowd/v1/version" }],
        "paths": paths,
        "components": { "schemas": schemas },
    }))
}

fn operation(route: &Route) -> Result<Value, String> {
    let in_path = segments(route.path).map(|name| {
        Ok(json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
    });
    let in_query = route.query.iter().map(parameter);
    let parameters: Vec<Value> = in_path.chain(in_query).collect::<Result<_, String>>()?;
    let answer = |description: &str, shape: &str| -> Result<Value, String> {
        let content = json!({ "application/json": { "schema": schema(shape)? } });
        Ok(json!({ "description": description, "content": content }))
    };
    let mut operation = json!({
        "summary": route.summary,
        "x-role": route.role.word(),
        "parameters": parameters,
        "responses": { "200": answer("Done", route.answer)?, "default": answer("Refused", "Errors")? },
    });
    if !route.body.is_empty() {
        let content = json!({ "application/json": { "schema": schema(route.body)? } });
        operation["requestBody"] = json!({ "content": content });
    }
    Ok(operation)
}

fn parameter(parameter: &Parameter) -> Result<Value, String> {
    Ok(json!({
        "name": parameter.name,
        "in": "query",
        "description": parameter.help,
        "required": parameter.required,
        "schema": schema(parameter.shape)?,
    }))
}

/// The names in braces of a path.
fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_right_and_every_name_in_it_is_there() {
        let document = document().unwrap();
        let text = document.to_string();
        let names = text
            .split("#/components/schemas/")
            .skip(1)
            .filter_map(|rest| rest.split('"').next());
        for name in names {
            assert!(
                document["components"]["schemas"][name].is_object(),
                "{name}"
            );
        }
        let named = |name: &str| text.contains(&format!("schemas/{name}\""));
        for (name, ..) in TYPES {
            assert!(named(name), "nothing has the type {name}");
        }
    }

    #[test]
    fn a_route_that_changes_something_is_an_administrators() {
        for route in ROUTES {
            let looks = route.method == super::super::table::Method::Get;
            assert_eq!(
                route.role == config::access::Role::Operator,
                looks,
                "{}",
                route.path
            );
            assert!(route.query.is_empty() || looks, "{}", route.path);
            let has_body = route.method == super::super::table::Method::Post;
            assert_eq!(route.body.is_empty(), !has_body, "{}", route.path);
        }
    }
}

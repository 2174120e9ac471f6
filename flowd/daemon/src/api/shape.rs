//! A short notation for what JSON has, and the JSON Schema (draft 2020-12) that it stands for.
//!
//! ```text
//! string integer number boolean any       what JSON has
//! time                                    a string, RFC 3339
//! Session                                 a type of that name
//! [T]                                     an array
//! {name: T, other?: T}                    an object with these members and no others; `?`: it may be missing
//! {name: T, ...}                          an object with others, too
//! {*: T}                                  an object of any names
//! "one" | "other"                         one of these words
//! T | null                                T, or null
//! ```

use serde_json::{Map, Value, json};

/// The schema of a shape, or where it is wrong.
pub(super) fn schema(shape: &str) -> Result<Value, String> {
    let mut reader = Reader { rest: shape };
    let schema = reader.alternatives()?;
    match reader.peek() {
        None => Ok(schema),
        Some(_) => Err(reader.wrong("the end")),
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn peek(&mut self) -> Option<char> {
        self.rest = self.rest.trim_start();
        self.rest.chars().next()
    }

    fn take(&mut self, token: &str) -> bool {
        self.peek();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        match self.take(token) {
            true => Ok(()),
            false => Err(self.wrong(token)),
        }
    }

    fn wrong(&self, wanted: &str) -> String {
        format!("{wanted} is wanted before \"{}\"", self.rest)
    }

    fn word(&mut self) -> Result<&'a str, String> {
        self.peek();
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-')
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        if word.is_empty() {
            return Err(self.wrong("a word"));
        }
        self.rest = rest;
        Ok(word)
    }

    fn alternatives(&mut self) -> Result<Value, String> {
        let mut words = Vec::new();
        let mut others = Vec::new();
        loop {
            if self.take("\"") {
                let Some((word, rest)) = self.rest.split_once('"') else {
                    return Err(self.wrong("a quote"));
                };
                words.push(Value::from(word));
                self.rest = rest;
            } else if self.take("null") {
                others.push(json!({ "type": "null" }));
            } else {
                others.push(self.one()?);
            }
            if !self.take("|") {
                break;
            }
        }
        if !words.is_empty() {
            others.insert(0, json!({ "type": "string", "enum": words }));
        }
        Ok(match others.len() {
            1 => others.remove(0),
            _ => json!({ "anyOf": others }),
        })
    }

    fn one(&mut self) -> Result<Value, String> {
        if self.take("[") {
            let items = self.alternatives()?;
            self.expect("]")?;
            return Ok(json!({ "type": "array", "items": items }));
        }
        if self.take("{") {
            return self.object();
        }
        Ok(match self.word()? {
            "any" => json!({}),
            "time" => json!({ "type": "string", "format": "date-time" }),
            word @ ("string" | "integer" | "number" | "boolean") => json!({ "type": word }),
            word if word.starts_with(|c: char| c.is_ascii_uppercase()) => {
                json!({ "$ref": format!("#/components/schemas/{word}") })
            }
            word => return Err(format!("there is no type {word}")),
        })
    }

    fn object(&mut self) -> Result<Value, String> {
        let mut properties = Map::new();
        let mut required = Vec::new();
        let mut others = Value::Bool(false);
        while self.peek() != Some('}') {
            if self.take("...") {
                others = Value::Bool(true);
            } else if self.take("*") {
                self.expect(":")?;
                others = self.alternatives()?;
            } else {
                let name = self.word()?;
                if !self.take("?") {
                    required.push(name);
                }
                self.expect(":")?;
                properties.insert(name.to_owned(), self.alternatives()?);
            }
            if !self.take(",") {
                break;
            }
        }
        self.expect("}")?;
        Ok(json!({
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": others,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notation_becomes_a_schema() {
        assert_eq!(
            schema(r#"{a: [integer], b?: "x" | "y" | null, c: {*: T}}"#).unwrap(),
            json!({
                "type": "object",
                "properties": {
                    "a": {"type": "array", "items": {"type": "integer"}},
                    "b": {"anyOf": [{"type": "string", "enum": ["x", "y"]}, {"type": "null"}]},
                    "c": {
                        "type": "object", "properties": {}, "required": [],
                        "additionalProperties": {"$ref": "#/components/schemas/T"},
                    },
                },
                "required": ["a", "c"],
                "additionalProperties": false,
            })
        );
    }

    #[test]
    fn what_is_wrong_is_told() {
        for wrong in ["", "{", "{a}", "[integer", "int", "integer integer", "\"a"] {
            assert!(schema(wrong).is_err(), "{wrong}");
        }
    }
}

//! Schemas of the wire types, as the document refers to them. Owns: how bodies and files are
//! described. Must not know: routes. Invariant: a generator of clients can read every schema: no
//! bare `true`, no choice of constants, no media type without a schema.

use crate::api::List;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// Where the shapes stand, as a JSON pointer.
pub(super) const SCHEMAS: &str = "/components/schemas";

/// The shapes referred to. What we send always has all its fields and what we are sent may
/// leave some out, so the two are described differently.
pub(super) struct Shapes {
    pub(super) sent: SchemaGenerator,
    pub(super) taken: SchemaGenerator,
}

impl Shapes {
    pub(super) fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = SCHEMAS.into();
            settings.meta_schema = None;
        });
        let settings = settings.with_transform(RecursiveTransform(plain_enum));
        Self {
            sent: settings.clone().for_serialize().into_generator(),
            taken: settings.for_deserialize().into_generator(),
        }
    }

    /// Refers to the shape of what we send.
    pub(super) fn sent<T: JsonSchema>(&mut self) -> Body {
        Body::Json(self.sent.subschema_for::<T>())
    }

    /// Refers to the shape of a list page, named for its items: `AccountList`.
    pub(super) fn list<T: JsonSchema>(&mut self) -> Body {
        let name = format!("{}List", T::schema_name());
        let schema = List::<T>::json_schema(&mut self.sent);
        let reference = Schema::new_ref(format!("#{SCHEMAS}/{name}"));
        self.sent.definitions_mut().insert(name, schema.into());
        Body::Json(reference)
    }

    /// Refers to the shape of what we are sent.
    pub(super) fn taken<T: JsonSchema>(&mut self) -> Body {
        Body::Json(self.taken.subschema_for::<T>())
    }

    pub(super) fn finish(mut self) -> Map<String, Value> {
        let mut schemas = self.taken.take_definitions(true);
        schemas.extend(self.sent.take_definitions(true));
        schemas
    }
}

/// A body, of a request or an answer.
pub(super) enum Body {
    Nothing,
    Json(Schema),
    /// A file in one of these media types; see [`BYTES`].
    File(&'static [&'static str]),
}

impl Body {
    pub(super) fn content(self) -> Option<Value> {
        match self {
            Self::Nothing => None,
            Self::Json(schema) => Some(json!({ "application/json": { "schema": schema } })),
            Self::File(types) => {
                let types = types.iter().chain(std::iter::once(&BYTES));
                let described =
                    |media: &&str| ((*media).to_owned(), json!({ "schema": file(media) }));
                Some(types.map(described).collect())
            }
        }
    }
}

/// Every file is also described as plain bytes, which it is: generators of clients know no gzip,
/// NDJSON or Atom, leave such an answer out, and their clients then take the file for a problem.
const BYTES: &str = "application/octet-stream";

/// The schema of a file. OpenAPI 3.1 lets bytes go without one, but code generators leave out
/// what has no schema, and know bytes by `format: binary`.
fn file(media: &str) -> Value {
    let text = media.starts_with("text/") || TEXT_FILES.contains(&media);
    if text { json!({ "type": "string" }) } else { json!({ "type": "string", "format": "binary" }) }
}

/// Files that are text in UTF-8 though their type does not begin with `text/`.
const TEXT_FILES: [&str; 2] = ["application/x-ndjson", "application/atom+xml"];

/// Writes a choice of single words as one `enum`. schemars makes a `oneOf` of one `const` each, so
/// that each word can be described; generators make a class of every one, and their clients refuse
/// all words but the first. The words' descriptions move into the description of the whole.
fn plain_enum(schema: &mut Schema) {
    let Some(choices) = schema.get("oneOf").and_then(Value::as_array) else { return };
    let mut words = Vec::new();
    let mut about = String::new();
    for choice in choices {
        let Some(word) = choice.get("const").and_then(Value::as_str) else { return };
        if let Some(doc) = choice.get("description").and_then(Value::as_str) {
            let _ = write!(about, "\n- `{word}`: {doc}");
        }
        words.push(Value::from(word));
    }
    let doc = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let doc = if about.is_empty() { doc.to_owned() } else { format!("{doc}\n{about}") };
    schema.remove("oneOf");
    schema.insert("type".to_owned(), "string".into());
    schema.insert("enum".to_owned(), words.into());
    if !doc.trim().is_empty() {
        schema.insert("description".to_owned(), doc.trim().into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemars::json_schema;

    #[track_caller]
    fn check(mut schema: Schema, expected: &Schema) {
        plain_enum(&mut schema);
        assert_eq!(schema, *expected);
    }

    #[test]
    fn a_choice_of_words_is_one_enum() {
        check(
            json_schema!({
                "description": "Which.",
                "oneOf": [
                    { "const": "a", "type": "string", "description": "The first." },
                    { "const": "b", "type": "string" },
                ],
            }),
            &json_schema!({
                "description": "Which.\n\n- `a`: The first.", "type": "string", "enum": ["a", "b"],
            }),
        );
    }

    #[test]
    fn a_choice_of_objects_stays() {
        let frames = || {
            json_schema!({ "oneOf": [
                { "properties": { "t": { "const": "pong", "type": "string" } }, "type": "object" },
            ] })
        };
        check(frames(), &frames());
    }

    #[test]
    fn bytes_and_texts_are_told_apart() {
        for (media, format) in [
            ("application/gzip", json!("binary")),
            ("application/octet-stream", json!("binary")),
            ("text/csv", Value::Null),
            ("application/x-ndjson", Value::Null),
        ] {
            assert_eq!(file(media)["format"], format, "{media}");
        }
    }
}

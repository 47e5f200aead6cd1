//! The document as a whole: every route, every reference, every shape.

use super::shapes::SCHEMAS;
use super::*;
use std::collections::BTreeSet;

/// Every string of a value that stands under this key.
fn under<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name == key => found.push(text),
                    _ => under(value, key, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| under(item, key, found)),
        _ => {}
    }
}

fn at<'a>(document: &'a Value, pointer: &str) -> &'a Value {
    document.pointer(pointer).unwrap_or_else(|| panic!("no {pointer}"))
}

fn operations(document: &Value) -> Vec<&Value> {
    let paths = at(document, "/paths").as_object().unwrap();
    paths.values().flat_map(|methods| methods.as_object().unwrap().values()).collect()
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut found = Vec::new();
    under(&document, "$ref", &mut found);
    assert!(found.len() > all().count(), "{}", found.len());
    for reference in found {
        let pointer = reference.strip_prefix('#').expect(reference);
        assert!(pointer.starts_with(SCHEMAS), "{reference}");
        assert!(at(&document, pointer).is_object());
    }
}

#[test]
fn every_shape_is_referred_to() {
    let document = document();
    let mut found = Vec::new();
    under(&document, "$ref", &mut found);
    for name in at(&document, SCHEMAS).as_object().unwrap().keys() {
        assert!(found.iter().any(|r| r.ends_with(&format!("/{name}"))), "{name}");
    }
}

#[test]
fn every_route_has_a_described_answer_and_a_described_problem() {
    let document = document();
    for route in all() {
        let path = route.path.replace('/', "~1");
        let method = route.method.to_ascii_lowercase();
        let responses = at(&document, &format!("/paths/{path}/{method}/responses"));
        assert!(responses.pointer("/default/content/application~1problem+json").is_some());
        let good: Vec<_> = responses.as_object().unwrap().iter().collect();
        assert!(good.len() > 1, "{:?}", route.op);
        for (status, response) in good {
            assert!(!response["description"].as_str().unwrap().is_empty());
            let empty = ["204", "302"].contains(&status.as_str());
            assert_eq!(response.get("content").is_none(), empty, "{:?}", route.op);
        }
    }
}

#[test]
fn every_operation_has_its_own_id() {
    let document = document();
    let ids: BTreeSet<_> =
        operations(&document).iter().map(|op| op["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), all().count());
    assert!(ids.contains("addAccount"));
}

#[test]
fn open_routes_ask_for_no_token_and_others_inherit_it() {
    let document = document();
    for route in all() {
        let path = route.path.replace('/', "~1");
        let method = route.method.to_ascii_lowercase();
        let security = document.pointer(&format!("/paths/{path}/{method}/security"));
        assert_eq!(security.is_some(), route.access == Access::Open, "{:?}", route.op);
    }
    assert_eq!(at(&document, "/security/1"), &json!({ "session": [] }));
}

#[test]
fn answers_have_all_their_fields_and_bodies_need_only_theirs() {
    let document = document();
    let required =
        |name: &str| at(&document, &format!("{SCHEMAS}/{name}")).get("required").cloned();
    assert_eq!(required("Quota"), Some(json!(["limit", "remaining", "reset"])));
    let point = required("Point").unwrap();
    assert!(point.as_array().unwrap().contains(&json!("followers")), "null, but there");
    assert_eq!(required("NewAccount"), None);
    assert_eq!(required("SignIn"), Some(json!(["token"])));
}

#[test]
fn a_shape_both_sent_and_taken_is_one_shape() {
    let mut shapes = Shapes::new();
    for route in all() {
        sent(route.op, &mut shapes);
        taken(route.op, &mut shapes);
    }
    let sent = shapes.sent.take_definitions(true);
    for (name, taken) in shapes.taken.take_definitions(true) {
        if let Some(sent) = sent.get(&name) {
            assert_eq!(sent, &taken, "{name}");
        }
    }
}

#[test]
fn ids_and_times_are_strings() {
    let document = document();
    let person = at(&document, &format!("{SCHEMAS}/Person/properties/id"));
    assert_eq!(person["type"], "string");
    let time = at(&document, &format!("{SCHEMAS}/Session/properties/expires"));
    assert_eq!(time["format"], "date-time");
}

#[test]
fn a_list_page_is_named_for_its_items() {
    let document = document();
    let list = at(&document, &format!("{SCHEMAS}/FollowerList"));
    assert_eq!(list["required"], json!(["items", "next_cursor"]));
    assert_eq!(list["properties"]["items"]["items"]["$ref"], "#/components/schemas/Follower");
}

#[test]
fn path_segments_and_parameters_are_described() {
    let document = document();
    let parameters = at(&document, "/paths/~1accounts~1{account}~1snapshots/post/parameters");
    let names: Vec<_> = parameters
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["in"].as_str().unwrap(), p["name"].as_str().unwrap(), p["required"] == true))
        .collect();
    let wanted = [
        ("path", "account", true),
        ("query", "name", true),
        ("query", "origin", false),
        ("query", "replace", false),
    ];
    assert_eq!(names, wanted);
}

#[test]
fn the_document_is_the_same_every_time() {
    assert_eq!(document().to_string(), document().to_string());
}

/// Every schema within a value, with the way there.
fn schemas<'a>(value: &'a Value, at: &str, found: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(fields) => {
            found.push((at.to_owned(), value));
            for (name, value) in fields {
                schemas(value, &format!("{at}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                schemas(item, &format!("{at}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn nothing_is_a_schema_that_generators_cannot_read() {
    let document = document();
    let mut found = Vec::new();
    schemas(&document, "", &mut found);
    for (at, schema) in found {
        for key in ["items", "schema"] {
            let bare = schema.get(key).is_some_and(Value::is_boolean);
            assert!(!bare, "{at}/{key} is a bare true or false");
        }
        let choices = schema.get("oneOf").and_then(Value::as_array);
        let constants = choices.is_some_and(|all| all.iter().all(|one| one.get("const").is_some()));
        assert!(!constants, "{at} is a choice of constants: an enum says the same");
        if at.ends_with("/content") {
            for (media, content) in schema.as_object().unwrap() {
                assert!(content.get("schema").is_some(), "{at}: {media} has no schema");
            }
        }
    }
}

#[test]
fn words_are_enums() {
    let document = document();
    let schedule = at(&document, &format!("{SCHEMAS}/Schedule"));
    assert_eq!(schedule["type"], "string");
    let words = api::Schedule::ALL.iter().map(|word| json!(word.as_str())).collect::<Vec<_>>();
    assert_eq!(schedule["enum"], Value::from(words));
    assert!(schedule["description"].as_str().unwrap().contains("`hourly`: "), "{schedule}");
}

#[test]
fn live_events_are_of_the_type_that_their_kind_says() {
    let document = document();
    let item = at(&document, &format!("{SCHEMAS}/LiveEvents/properties/events/items"));
    assert_eq!(item["$ref"], "#/components/schemas/LiveEvent");
    let event = at(&document, &format!("{SCHEMAS}/LiveEvent"));
    let mapping = event["discriminator"]["mapping"].as_object().unwrap();
    for kind in api::LiveKind::ALL {
        let reference = mapping[kind.as_str()].as_str().unwrap();
        let pointer = reference.strip_prefix('#').unwrap();
        let described = at(&document, &format!("{pointer}/properties/kind"));
        let only = described.get("const").is_none_or(|word| word == kind.as_str());
        assert!(only, "{kind}: {described}");
    }
}

#[test]
fn a_body_that_is_a_file_has_a_schema() {
    let document = document();
    let body = at(&document, "/paths/~1accounts~1{account}~1snapshots/post/requestBody");
    assert_eq!(body["required"], true);
    for media in ["application/gzip", "application/octet-stream"] {
        assert_eq!(body["content"][media]["schema"]["format"], "binary", "{media}");
    }
}

#[test]
fn every_body_refuses_fields_it_does_not_know() {
    let document = document();
    let mut bodies = 0;
    for operation in operations(&document) {
        let schema = operation.pointer("/requestBody/content/application~1json/schema/$ref");
        let Some(reference) = schema.and_then(Value::as_str) else { continue };
        let described = at(&document, reference.strip_prefix('#').unwrap());
        assert_eq!(described["additionalProperties"], false, "{reference}");
        bodies += 1;
    }
    assert!(bodies >= 12, "{bodies}");
}

#[test]
fn required_parameters_and_bodies_are_said_to_be() {
    let document = document();
    for (pointer, expected) in [
        ("/paths/~1hooks~1x/get/parameters/0/required", true),
        ("/paths/~1stream~1rules/delete/parameters/0/required", true),
        ("/paths/~1stream/put/requestBody/required", true),
        ("/paths/~1alerts~1{alert}~1retry/post/requestBody/required", false),
    ] {
        assert_eq!(at(&document, pointer), &json!(expected), "{pointer}");
    }
}

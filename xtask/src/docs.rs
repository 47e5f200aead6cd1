//! The API described, as files beside the page: the `OpenAPI` document and a page people read.
//! Owns: both files in dist/. Must not know the API: both come from the document that is made of
//! the routes and wire types. Invariant: the page needs no script and names no other host; the
//! worker answers with these files and with its own headers.

use crate::failure::{Explain, Outcome};
use crate::openapi;
use serde_json::Value;
use shared::routes::{Access, BASE, Route, all};
use std::fmt::Write as _;
use std::path::Path;

/// Where the files lie in dist/: the document, the page. The worker asks for both.
const DOCUMENT: &str = "openapi.json";
const PAGE: &str = "docs/api.html";

/// Writes both files into `dist`.
pub(crate) fn write(dist: &Path) -> Outcome {
    let document = openapi::document()?;
    let page = page(&serde_json::from_str(&document).explain("reading the OpenAPI document")?);
    for (name, text) in [(DOCUMENT, document), (PAGE, page)] {
        let path = dist.join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).explain(format!("making {}", folder.display()))?;
        }
        std::fs::write(&path, text).explain(format!("writing {}", path.display()))?;
    }
    Ok(())
}

fn page(document: &Value) -> String {
    let mut html = String::from(HEAD);
    for route in all() {
        section(&mut html, route, document);
    }
    html.push_str("<h1>Shapes</h1>");
    for (name, schema) in
        document.pointer("/components/schemas").and_then(Value::as_object).into_iter().flatten()
    {
        let _ = write!(
            html,
            "<section id=\"{name}\"><h2>{name}</h2><pre>{}</pre></section>",
            escape(&format!("{schema:#}"))
        );
    }
    html.push_str("<h1>Problems</h1>");
    for (id, doc) in PROBLEMS {
        let _ = write!(html, "<section id=\"{id}\"><h2><b>{id}</b></h2><p>{doc}</p></section>");
    }
    html.push_str("</main>");
    html
}

/// One route.
fn section(html: &mut String, route: &Route, document: &Value) {
    let operation =
        document.pointer(&format!("/paths/{}/{}", pointer(route.path), method(route.method)));
    let access = match route.access {
        Access::Open => "open",
        Access::Owner => "token or session",
    };
    let _ = write!(
        html,
        "<section><h2><b>{}</b> <code>{BASE}{}</code></h2><p>{} <small>{access}</small></p>",
        route.method,
        escape(route.path),
        escape(route.doc),
    );
    if !route.query.is_empty() {
        html.push_str("<dl>");
        for param in route.query {
            let _ =
                write!(html, "<dt><code>{}</code></dt><dd>{}</dd>", param.name, escape(param.doc));
        }
        html.push_str("</dl>");
    }
    let answer = operation.and_then(|operation| schema_name(operation, "responses"));
    if let Some(name) = answer {
        let _ = write!(html, "<p>Answers <a href=\"#{name}\">{name}</a>.</p>");
    }
    html.push_str("</section>");
}

/// The name of the first schema an operation's part refers to.
fn schema_name(operation: &Value, part: &str) -> Option<String> {
    let text = operation.get(part)?.to_string();
    let at = text.find("#/components/schemas/")?;
    let rest = text.get(at + "#/components/schemas/".len()..)?;
    let name: String =
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    (name != "Problem").then_some(name)
}

fn pointer(path: &str) -> String {
    path.replace('~', "~0").replace('/', "~1")
}

fn method(method: &str) -> String {
    method.to_ascii_lowercase()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The kinds of problems: where the `type` of a problem document leads.
const PROBLEMS: &[(&str, &str)] = &[
    (
        "bad-request",
        "A parameter, a name or a body is not what the route takes; the detail says which and what is.",
    ),
    (
        "unauthorized",
        "No token or session, or not this deployment's. Sign in, or send the ADMIN_TOKEN as a bearer token.",
    ),
    ("forbidden", "A session cookie came with a write from another site's page."),
    ("not-found", "No such route, account, person, snapshot or run."),
    ("method-not-allowed", "The path exists with other methods."),
    ("no-keys-for-x", "This deployment has no keys to read X with."),
    ("not-read", "The budget does not allow the read; nothing was read."),
    ("length-required", "An import needs a Content-Length."),
    ("body-too-large", "Over 95 MB: put the file into the bucket instead."),
    (
        "set-aside",
        "A list was not used: it is incomplete, damaged or another account's. Nobody was counted as left.",
    ),
    (
        "internal-error",
        "Something failed inside Roost; nothing was half-written. The log names the request.",
    ),
    ("busy", "Another snapshot of the account is still being read; try again."),
    (
        "dead-letter",
        "A snapshot could not be read in three tries. It is in the bucket; a replay reads it again.",
    ),
    ("not-set-up", "The deployment has no ADMIN_TOKEN."),
];

const HEAD: &str = r#"<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Roost API</title>
<style>
:root { color-scheme: light dark; --ink: light-dark(#1B1D22, #ECEDEF); --paper: light-dark(#F6F5F1, #121418);
  --card: light-dark(#FFFFFF, #191C22); --line: light-dark(#DAD7CE, #2C313A); --accent: light-dark(#2F4FB5, #8FA8FF); }
body { background: var(--paper); color: var(--ink); font: 15px/22px system-ui, sans-serif; margin: 0; }
main { max-width: 860px; margin: 0 auto; padding: 24px 16px 64px; }
h1 { font-size: 28px; line-height: 34px; } h2 { font-size: 15px; font-weight: 400; margin: 0 0 8px; overflow-wrap: anywhere; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 16px 20px; margin: 12px 0; }
p, dl { margin: 8px 0 0; } dt { float: left; clear: left; width: 84px; } dd { margin: 0 0 4px 92px; }
a { color: var(--accent); } code, pre { font: 13px/18px ui-monospace, monospace; } pre { overflow-x: auto; margin: 0; }
</style>
<main><h1>Roost API</h1>
<p>JSON over HTTP. Send <code>Authorization: Bearer &lt;ADMIN_TOKEN&gt;</code>, or sign in and use the
session cookie. Errors are problem documents (RFC 9457) with a request id. Lists page by an opaque
<code>cursor</code>. Times are RFC 3339 in UTC, ids are strings. The same as a machine reads it:
<a href="/api/v1/openapi.json">openapi.json</a>.</p>
"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> (String, String) {
        let dist = std::env::temp_dir().join(format!("roost-docs-{}", std::process::id()));
        write(&dist).unwrap();
        let [document, page] =
            [DOCUMENT, PAGE].map(|name| std::fs::read_to_string(dist.join(name)).unwrap());
        std::fs::remove_dir_all(&dist).unwrap();
        (document, page)
    }

    #[test]
    fn the_page_has_every_route_and_leads_to_every_shape_it_names() {
        let (document, page) = written();
        let document: Value = serde_json::from_str(&document).unwrap();
        assert!(document.pointer("/components/schemas/Account").is_some());
        for route in all() {
            assert!(page.contains(&format!("<code>{BASE}{}</code>", route.path)), "{}", route.path);
        }
        let named: Vec<_> = page.split("<a href=\"#").skip(1).collect();
        assert!(named.len() > 20, "{} routes name what they answer", named.len());
        for link in named {
            let name = link.split('"').next().unwrap();
            assert!(page.contains(&format!("<section id=\"{name}\">")), "{name}");
        }
        assert!(!page.contains("<script") && !page.contains("https://"), "the page stands alone");
    }
}

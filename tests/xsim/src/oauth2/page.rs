//! The consent page: who asks for what, two accounts to choose from, two buttons.
//!
//! Knows HTML, no state. Invariant: nothing of a request reaches the page unescaped.

use super::form::Wish;
use crate::names;
use crate::world::Account;

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn whole(title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>body{{font:16px/1.5 system-ui;max-width:32rem;margin:4rem auto;padding:0 1rem}}\
         button,select{{font:inherit;padding:.4rem 1rem}}</style>\n</head>\n<body>\n{body}\n\
         </body>\n</html>\n"
    )
}

/// The page that asks. Its form goes back to the address of the page, which says what is asked.
pub(super) fn asking(wish: &Wish) -> String {
    let scopes: String = wish.scopes.to_string();
    let scopes: Vec<String> = scopes.split(' ').map(|name| format!("<li>{name}</li>")).collect();
    let host = wish.redirect_uri.split('/').nth(2).unwrap_or("");
    whole(
        "Authorize app",
        &format!(
            "<h1>The app wants to access your X account</h1>\n\
             <p>You return to <strong>{}</strong>. This X is a simulator.</p>\n\
             <p>The app asks for:</p>\n<ul>{}</ul>\n<form method=\"post\">\n{}\n</form>",
            escape(host),
            scopes.join(""),
            choice()
        ),
    )
}

/// The accounts to choose from, and the buttons.
fn choice() -> String {
    let options: Vec<String> = Account::ALL
        .iter()
        .map(|account| {
            let (name, username) = names::owner(*account);
            let id = account.id();
            format!("<option value=\"{id}\">{} (@{})</option>", escape(name), escape(username))
        })
        .collect();
    format!(
        "<p><label>Account <select name=\"user\">{}</select></label></p>\n\
         <p><button name=\"decision\" value=\"allow\">Allow</button>\n\
         <button name=\"decision\" value=\"deny\">Deny</button></p>",
        options.join("")
    )
}

/// The page that asks on behalf of an OAuth 1.0a request token.
pub(crate) fn asking_by_token(token: &str) -> String {
    whole(
        "Authorize app",
        &format!(
            "<h1>The app wants to access your X account</h1>\n\
             <p>It may read and write all that you may. This X is a simulator.</p>\n\
             <form method=\"post\">\n<input type=\"hidden\" name=\"oauth_token\" value=\"{}\">\n{}\n\
             </form>",
            escape(token),
            choice()
        ),
    )
}

/// The page with the number that a user is to tell the app.
pub(crate) fn number(verifier: &str) -> String {
    let text =
        format!("<h1>Return to the app and enter this number</h1>\n<p><code>{verifier}</code></p>");
    whole("Authorize app", &text)
}

/// The page of a request that cannot be granted: nobody is sent anywhere.
pub(crate) fn wrong(why: &str) -> String {
    whole(
        "Something went wrong",
        &format!(
            "<h1>Something went wrong</h1>\n\
             <p>You weren't able to give access to the app: {}.</p>",
            escape(why)
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth1;

    #[test]
    fn a_request_cannot_write_html() {
        let query = "response_type=code&client_id=a&redirect_uri=https://x\"><script>&scope=\
            tweet.read&state=s&code_challenge=c&code_challenge_method=plain";
        let wish = Wish::read(&oauth1::query_pairs(query).unwrap(), "a").unwrap();
        let page = asking(&wish);
        assert!(page.contains("x&quot;&gt;&lt;script&gt;"), "{page}");
        assert!(!page.contains("<script>") && !wrong("<script>").contains("<script>"));
    }

    #[test]
    fn both_accounts_and_both_buttons_are_there() {
        let query = "response_type=code&client_id=a&redirect_uri=https://x/&scope=tweet.read&\
            state=s&code_challenge=c&code_challenge_method=plain";
        let page = asking(&Wish::read(&oauth1::query_pairs(query).unwrap(), "a").unwrap());
        for part in [
            "<select name=\"user\">",
            "<option value=\"12\">",
            "<option value=\"13\">",
            "<button name=\"decision\" value=\"allow\">",
            "<button name=\"decision\" value=\"deny\">",
            "<li>tweet.read</li>",
        ] {
            assert!(page.contains(part), "{part}");
        }
    }
}

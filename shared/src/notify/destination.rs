//! Where notices may be sent. Owns: which addresses are let through. Must not know: what is sent,
//! or what a name resolves to. Invariant: what passes is read by every URL parser as it is read
//! here (plain ASCII, one host, one port), and its host is a public name: no address in numbers,
//! in any notation, so none that is private either. (Cloudflare calls no bare addresses anyway.)
//!
//! A public name that resolves to a private address passes: that is for whoever connects to
//! refuse. Cloudflare's network does not reach the private network of anyone.

/// Longest address: longer ones are refused by much on the way.
const LENGTH_MAX: usize = 2_000;
/// Ends of names that are not on the public internet (RFC 6761, 6762, 8375; ICANN's `internal`;
/// what home routers use).
const PRIVATE_ENDS: &[&str] = &[
    "local",
    "localhost",
    "internal",
    "home.arpa",
    "lan",
    "home",
    "corp",
    "intranet",
    "private",
    "localdomain",
    "test",
    "invalid",
    "example",
    "onion",
    "arpa",
];
/// Hosts of Discord's webhooks.
const DISCORD: &[&str] =
    &["discord.com", "discordapp.com", "canary.discord.com", "ptb.discord.com"];

/// An address in its parts, each as given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Destination<'a> {
    /// `https://host:port`.
    pub origin: &'a str,
    /// The host, as given.
    pub host: &'a str,
    /// The path, `/` at its beginning, with its query.
    pub path: &'a str,
}

/// Reads an address that notices may be sent to. `local`: beside the simulator, where this
/// machine's own receivers may be written as `http://127.0.0.1:<port>/` or `http://localhost:…`.
///
/// # Errors
/// A sentence that says what is wrong and what is expected; never the address itself, which may
/// be a secret.
pub fn check(address: &str, local: bool) -> Result<Destination<'_>, String> {
    if address.len() > LENGTH_MAX {
        return Err(format!("`destination`: at most {LENGTH_MAX} characters"));
    }
    if address.bytes().any(|b| !b.is_ascii_graphic() || matches!(b, b'\\' | b'#' | b'<' | b'>')) {
        return Err("`destination`: plain ASCII without spaces, backslashes or `#` is expected; \
                    write a name of other letters in its `xn--` form"
            .to_owned());
    }
    let (scheme, rest) = address.split_once("://").unwrap_or(("", address));
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let origin = address.get(..address.len() - path.len()).unwrap_or(address);
    if authority.contains('@') {
        return Err("`destination`: an address with a user or a password is not taken".to_owned());
    }
    let (host, port) = host_and_port(authority)?;
    let found = Destination { origin, host, path };
    if local && scheme == "http" && matches!(host, "127.0.0.1" | "localhost") {
        return Ok(found);
    }
    if scheme != "https" {
        return Err("`destination`: an https address is expected".to_owned());
    }
    if !matches!(port, None | Some(443 | 8443)) {
        return Err("`destination`: only the ports 443 and 8443 are called".to_owned());
    }
    check_host(host)?;
    Ok(found)
}

/// Whether an address is one of Discord's webhooks.
///
/// # Errors
/// A sentence that says what is expected.
pub fn check_discord(found: Destination<'_>) -> Result<(), String> {
    let host = DISCORD.iter().any(|host| found.host.eq_ignore_ascii_case(host));
    let mut parts = found.path.split('?').next().unwrap_or_default().split('/').skip(1);
    let api = parts.next() == Some("api");
    let mut next = parts.next();
    if next.is_some_and(|part| part.starts_with('v') && part.len() <= 3) {
        next = parts.next();
    }
    let named = next == Some("webhooks")
        && parts.next().is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()))
        && parts.next().is_some_and(|token| !token.is_empty())
        && parts.next().is_none();
    if host && api && named {
        return Ok(());
    }
    Err("`destination`: the address of a Discord webhook is expected, \
         https://discord.com/api/webhooks/<number>/<token>: see the channel's settings, \
         Integrations"
        .to_owned())
}

/// The server and the topic of an ntfy address.
///
/// # Errors
/// A sentence, if there is no topic at its end.
pub fn ntfy_topic<'a>(
    address: &'a str,
    found: Destination<'a>,
) -> Result<(&'a str, &'a str), String> {
    // ntfy's own rule for topics: letters, digits, `-` and `_`, at most 64.
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    let topic = found.path.rsplit('/').next().unwrap_or_default();
    if topic.is_empty() || topic.len() > 64 || !topic.bytes().all(plain) {
        return Err("`destination`: an ntfy topic is expected at its end, as in \
                    https://ntfy.sh/<topic>, of letters, digits, `-` and `_`"
            .to_owned());
    }
    Ok((address.get(..address.len() - topic.len()).unwrap_or(address), topic))
}

fn host_and_port(authority: &str) -> Result<(&str, Option<u16>), String> {
    let after_host = if authority.starts_with('[') {
        authority.find(']').map_or(authority.len(), |at| at + 1)
    } else {
        authority.find(':').unwrap_or(authority.len())
    };
    let (host, port) = authority.split_at_checked(after_host).unwrap_or((authority, ""));
    if host.is_empty() {
        return Err("`destination`: an https address with a host is expected".to_owned());
    }
    let port = match port.strip_prefix(':') {
        None if port.is_empty() => None,
        // An empty port is the default one to some parsers and an error to others.
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) && !digits.is_empty() => {
            Some(digits.parse().map_err(|_| "`destination`: there is no such port".to_owned())?)
        }
        _ => return Err("`destination`: what follows the host is no port".to_owned()),
    };
    Ok((host, port))
}

fn check_host(host: &str) -> Result<(), String> {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.' || b == b'_';
    let last = host.rsplit('.').next().unwrap_or_default();
    // Every URL parser takes a host whose last part is a number for an IPv4 address, be it
    // decimal, octal or hexadecimal, in one part or in four (WHATWG URL, "ends in a number").
    if host.starts_with('[') || last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x") {
        return Err(
            "`destination`: a host's name is expected, not an address in numbers".to_owned()
        );
    }
    if !host.bytes().all(plain) || host.split('.').any(str::is_empty) {
        return Err("`destination`: a host of letters, digits, `-` and `.` is expected".to_owned());
    }
    let private = |end: &&str| {
        host.strip_suffix(*end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if !host.contains('.') || PRIVATE_ENDS.iter().any(private) {
        return Err("`destination`: names of private networks are not called: a public host is \
                    expected"
            .to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check_taken(address: &str, host: &str, path: &str) {
        let found = check(address, false).unwrap_or_else(|why| panic!("{address}: {why}"));
        assert_eq!((found.host, found.path), (host, path), "{address}");
        assert_eq!(format!("{}{}", found.origin, found.path), address);
    }

    #[track_caller]
    fn check_refused(addresses: &[&str], part: &str) {
        for address in addresses {
            let why = check(address, false).expect_err(address);
            assert!(why.contains(part), "{address}: {why}");
        }
    }

    #[test]
    fn public_https_addresses_are_taken() {
        check_taken("https://hooks.roost.dev/a/b?c=d", "hooks.roost.dev", "/a/b?c=d");
        check_taken("https://Hooks.Roost.dev:443/", "Hooks.Roost.dev", "/");
        check_taken("https://roost.dev:8443", "roost.dev", "");
        check_taken("https://roost.dev?x=1", "roost.dev", "?x=1");
        check_taken("https://xn--bcher-kva.ch/", "xn--bcher-kva.ch", "/");
        check_taken("https://127.0.0.1.roost.dev/", "127.0.0.1.roost.dev", "/");
        check_taken("https://localhost.roost.dev/", "localhost.roost.dev", "/");
        check_taken("https://roost.dev/a@b", "roost.dev", "/a@b");
    }

    #[test]
    fn addresses_in_numbers_are_refused_in_every_notation() {
        check_refused(
            &[
                "https://127.0.0.1/",
                "https://127.1/",
                "https://2130706433/",
                "https://0x7f000001/",
                "https://0x7F.1/",
                "https://0X7F.0X1/",
                "https://0177.0.0.1/",
                "https://017700000001/",
                "https://127.0.0.1./",
                "https://0/",
                "https://0x/",
                "https://10.0.0.1:443/",
                "https://100.64.0.1/",
                "https://169.254.169.254/latest/meta-data/",
                "https://2852039166/",
                "https://172.16.0.1/",
                "https://0xc0.0xa8.0x01.0x01/",
                "https://192.168.1.1/",
                "https://224.0.0.1/",
                "https://255.255.255.255/",
                "https://8.8.8.8/",
                "https://1.2.3.4.5/",
                "https://roost.dev.09/",
                "https://[::1]/",
                "https://[::ffff:127.0.0.1]:8443/",
                "https://[::ffff:a9fe:a9fe]/",
                "https://[64:ff9b::7f00:1]/",
                "https://[fe80::1%25eth0]/",
                "https://[fd00:ec2::254]/",
                "https://[2606:4700::6810:84e5]/",
                "https://[::1/",
            ],
            "not an address in numbers",
        );
    }

    #[test]
    fn names_of_private_networks_are_refused() {
        check_refused(
            &[
                "https://localhost/",
                "https://LOCALHOST./",
                "https://a.localhost/",
                "https://printer/",
                "https://nas.local/",
                "https://metadata.google.internal/computeMetadata/v1/",
                "https://router.lan/",
                "https://a.home.arpa/",
                "https://instance-data/",
                "https://intranet.corp/",
            ],
            "private networks",
        );
    }

    #[test]
    fn addresses_that_parsers_read_in_two_ways_are_refused() {
        check_refused(
            &["https://a@127.0.0.1/", "https://roost.dev@10.0.0.1/", "https://a:b@roost.dev/"],
            "user or a password",
        );
        check_refused(
            &["https://roost.dev\\@10.0.0.1/", "https://roost.dev /", "https://ro\tost.dev/"],
            "plain ASCII",
        );
        check_refused(
            &["https://１２７.0.0.1/", "https://roost。dev/", "https://a.de/#x"],
            "plain",
        );
        check_refused(&["https://%6cocalhost/", "https://a..de/", "https://.de/"], "letters");
        check_refused(
            &["https://roost.dev:/", "https://roost.dev:+443/", "https://[::1]x/"],
            "no port",
        );
        check_refused(&["https://roost.dev:99999/"], "no such port");
        check_refused(&["https:///", "https://:443/", ""], "host");
    }

    #[test]
    fn other_schemes_and_ports_are_refused() {
        check_refused(
            &[
                "http://roost.dev/",
                "http://127.0.0.1:9000/",
                "ftp://roost.dev/",
                "file://roost.dev/etc",
                "HTTPS://roost.dev/",
                "//roost.dev/",
                "roost.dev",
            ],
            "https",
        );
        check_refused(&["https://roost.dev:22/", "https://roost.dev:80/"], "ports");
    }

    #[test]
    fn beside_the_simulator_this_machine_is_a_destination() {
        assert_eq!(check("http://127.0.0.1:9000/x", true).unwrap().path, "/x");
        assert!(check("http://localhost:9000/", true).is_ok());
        for address in
            ["http://10.0.0.1/", "http://127.0.0.2/", "https://127.0.0.1/", "http://[::1]/"]
        {
            check(address, true).expect_err(address);
        }
    }

    #[test]
    fn discord_has_addresses_of_one_form() {
        let discord = |address: &str| check_discord(check(address, false).unwrap()).is_ok();
        assert!(discord("https://discord.com/api/webhooks/123/abc-DEF_1"));
        assert!(discord("https://discordapp.com/api/webhooks/123/abc"));
        assert!(discord("https://Canary.Discord.com/api/v10/webhooks/123/abc?thread_id=4"));
        for other in [
            "https://discord.com/api/webhooks/123",
            "https://discord.com/api/webhooks/123/",
            "https://discord.com/api/webhooks/abc/abc",
            "https://discord.com/api/webhooks/123/abc/github",
            "https://discord.com/channels/1/2",
            "https://discord.com.roost.dev/api/webhooks/123/abc",
            "https://roost.dev/api/webhooks/123/abc",
        ] {
            assert!(!discord(other), "{other}");
        }
    }

    #[test]
    fn ntfy_has_a_topic_at_its_end() {
        let topic =
            |address: &'static str| ntfy_topic(address, check(address, false).unwrap()).ok();
        assert_eq!(topic("https://ntfy.sh/my-Topic_1"), Some(("https://ntfy.sh/", "my-Topic_1")));
        assert_eq!(topic("https://a.de/ntfy/x"), Some(("https://a.de/ntfy/", "x")));
        for none in
            ["https://ntfy.sh", "https://ntfy.sh/", "https://ntfy.sh/a?b=c", "https://ntfy.sh/a.b"]
        {
            assert_eq!(topic(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn no_notation_of_an_address_passes(bits: u32) {
            let [a, b, c, d] = bits.to_be_bytes();
            for host in [
                format!("{a}.{b}.{c}.{d}"),
                format!("{bits}"),
                format!("0x{bits:x}"),
                format!("0{bits:o}"),
                format!("{a}.{}", bits & 0x00ff_ffff),
                format!("0x{a:X}.0{b:o}.{}", bits & 0xffff),
                format!("[::ffff:{a}.{b}.{c}.{d}]"),
                format!("[::{bits:x}]"),
            ] {
                prop_assert!(check(&format!("https://{host}/"), false).is_err(), "{}", host);
            }
        }

        #[test]
        fn nothing_panics_and_what_passes_is_put_together_again(text in "\\PC{0,60}") {
            if let Ok(found) = check(&text, true) {
                prop_assert_eq!(format!("{}{}", found.origin, found.path), text);
            }
        }
    }
}

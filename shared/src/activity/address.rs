//! Where X can push to. Owns: which address is public. Must not know: requests. Invariant: an
//! address of this machine or of a private network is never handed to X.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Names that resolve at home only.
const PRIVATE_ENDS: [&str; 6] = [".local", ".localhost", ".internal", ".home", ".lan", ".test"];

/// The webhook's address at the deployment that answered at `url`.
///
/// # Errors
/// Why X cannot push there, and what to do.
pub fn address(url: &str, simulated: bool) -> Result<String, String> {
    let origin = origin(url).ok_or_else(|| format!("`{url}` is no address"))?;
    if !simulated && !is_public(origin) {
        return Err(format!(
            "X pushes to public https addresses only, and this deployment answers at {origin}. At \
             a laptop push is not possible: deploy with `cargo xtask deploy`. Until then checks \
             see whatever happens, later; times this machine slept are gaps."
        ));
    }
    Ok(format!("{origin}/hooks/x"))
}

/// `https://host:port` of an address.
fn origin(url: &str) -> Option<&str> {
    let rest = url.find("://")? + 3;
    let end = url.get(rest..)?.find(['/', '?', '#']).map_or(url.len(), |at| rest + at);
    url.get(..end).filter(|origin| origin.len() > rest)
}

fn is_public(origin: &str) -> bool {
    let Some(host) = origin.strip_prefix("https://") else { return false };
    // X takes no port in a webhook's address.
    if let Some(v6) = host.strip_prefix('[') {
        let ip = v6.strip_suffix(']').and_then(|text| text.parse::<Ipv6Addr>().ok());
        return ip.is_some_and(|ip| is_public_ip(IpAddr::V6(ip)));
    }
    if host.contains(':') || host.contains('@') {
        return false;
    }
    let host = host.to_ascii_lowercase();
    if let Ok(ip) = host.parse::<Ipv4Addr>() {
        return is_public_ip(IpAddr::V4(ip));
    }
    host.contains('.') && !PRIVATE_ENDS.iter().any(|end| host.ends_with(end))
}

fn is_public_ip(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let shared = ip.octets()[0] == 100 && (64..128).contains(&ip.octets()[1]);
            !(ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_unspecified()
                || ip.is_broadcast()
                || shared)
        }
        IpAddr::V6(ip) => {
            let first = ip.segments()[0];
            let local = (first & 0xfe00) == 0xfc00 || (first & 0xffc0) == 0xfe80;
            let mapped = ip.to_ipv4_mapped().map(IpAddr::V4);
            !(ip.is_loopback() || ip.is_unspecified() || local) && mapped.is_none_or(is_public_ip)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, simulated: bool, expected: Option<&str>) {
        assert_eq!(address(url, simulated).ok().as_deref(), expected, "{url}");
    }

    #[test]
    fn a_public_https_address_is_handed_to_x() {
        for host in ["roost.me.workers.dev", "8.8.8.8", "[2606:4700::1111]", "EXAMPLE.org"] {
            let expected = format!("https://{host}/hooks/x");
            check(&format!("https://{host}/api/v1/accounts/12/push"), false, Some(&expected));
        }
        check("https://example.org", false, Some("https://example.org/hooks/x"));
    }

    #[test]
    fn an_address_of_a_laptop_is_not() {
        for host in [
            "localhost",
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.9",
            "172.31.0.1",
            "169.254.1.1",
            "100.64.0.1",
            "0.0.0.0",
            "[::1]",
            "[fd00::1]",
            "[fe80::1]",
            "[::ffff:10.0.0.1]",
            "nas",
            "roost.local",
            "roost.lan",
            "example.org:8443",
            "me@example.org",
        ] {
            check(&format!("https://{host}/x"), false, None);
        }
        check("http://example.org/x", false, None);
        check("nonsense", false, None);
        check("https:///x", true, None);
        let why = address("http://127.0.0.1:8787/x", false).unwrap_err();
        assert!(why.contains("http://127.0.0.1:8787. At a laptop push is not possible"), "{why}");
    }

    #[test]
    fn the_simulator_may_push_anywhere() {
        check("http://127.0.0.1:8787/x", true, Some("http://127.0.0.1:8787/hooks/x"));
    }
}

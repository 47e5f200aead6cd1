//! The command line: flags in, a checked [`Command`] out.
//!
//! Knows no server. Invariant: an unknown flag, a missing value or a value of the wrong form is
//! an error that names the flag.

use crate::calendar::parse_when;
use crate::oauth2::grants::Reuse;
use crate::problem::NotFoundForm;
use crate::profile::Dialect;
use crate::state::Config;

/// The port when none is given.
pub const DEFAULT_PORT: u16 = 9801;

/// How to call the program.
pub const USAGE: &str = "\
usage: xsim [--seed N] [--followers N] [--port P] [--rate-limits x|off]
            [--now RFC3339|MS] [--dialect tweet|post] [--speed F]
            [--stream-rate N] [--tweets-a-day N] [--tweets-before N]
            [--gained-a-day N] [--lost-a-day N]
            [--client-id ID] [--client-secret SECRET] [--refresh-reuse grace|strict]
            [--missing now|bare|ok] [--bench]

  --seed N          everything in the world follows from it (1)
  --followers N     followers of account 12 at the start (10000)
  --port P          port on 127.0.0.1; 0 takes a free one (9801)
  --rate-limits x   refuse what X would refuse; off: never (x)
  --now TIME        start of the virtual clock (the real time)
  --dialect NAME    tweet_count or post_count (tweet)
  --speed F         virtual seconds per real second; 0 stands still (1)
  --stream-rate N   tweets a second that the world writes, 0 to 5000 (10)
  --tweets-a-day N  tweets that account 12 writes, 0 to 2000; 13 writes half as many (3)
  --tweets-before N tweets of account 12 older than 100 days before the start, over five
                    years; 13 has a tenth (0)
  --gained-a-day N  followers that account 12 gains, from the first midnight (UTC) on; 13 has a
                    tenth (about 0.4 % of the followers)
  --lost-a-day N    followers that it loses, by every kind of loss: unfollowed, blocked by the
                    account, suspended, deleted, deactivated for days or hours (about 0.35 % of
                    the followers, and none for hours only)
  --client-id ID    OAuth 2.0: the app's client (roost-client)
  --client-secret S its secret; an empty one makes a public client (roost-client-secret)
  --refresh-reuse grace
                    a refresh token that is sent again is answered with the same new pair until
                    that is used; strict: the whole family dies (grace)
  --missing now     a single look-up of what is not there: 404 with `errors`, title, detail and
                    type; bare: 404 with `errors` alone; ok: 200 with `errors` alone (now)
  --bench           print measured times and end";

/// What the program is to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Listen on this port.
    Serve(Config, u16),
    /// Measure and end.
    Bench(Config),
    /// Print [`USAGE`].
    Help,
}

/// Reads the flags.
///
/// # Errors
/// A sentence that names the flag at fault.
pub fn parse(args: impl IntoIterator<Item = String>) -> Result<Command, String> {
    let mut args = args.into_iter();
    let (mut config, mut port, mut bench) = (Config::default(), DEFAULT_PORT, false);
    while let Some(arg) = args.next() {
        let (flag, inline) = match arg.split_once('=') {
            Some((flag, value)) => (flag.to_owned(), Some(value.to_owned())),
            None => (arg, None),
        };
        match flag.as_str() {
            "--help" | "-h" => return Ok(Command::Help),
            "--bench" => {
                bench = true;
                continue;
            }
            "--seed" | "--followers" | "--port" | "--rate-limits" | "--now" | "--dialect"
            | "--speed" | "--stream-rate" | "--tweets-a-day" | "--tweets-before"
            | "--gained-a-day" | "--lost-a-day" | "--client-id" | "--client-secret"
            | "--refresh-reuse" | "--missing" => {}
            _ => return Err(format!("unknown flag {flag}")),
        }
        let value =
            inline.or_else(|| args.next()).ok_or_else(|| format!("{flag} needs a value"))?;
        let wrong = || format!("{flag} cannot be {value}");
        match flag.as_str() {
            "--seed" => config.seed = value.parse().map_err(|_| wrong())?,
            "--followers" => config.followers = value.parse().map_err(|_| wrong())?,
            "--port" => port = value.parse().map_err(|_| wrong())?,
            "--rate-limits" => {
                config.limits_enforced = choose(&value, "x", "off").ok_or_else(wrong)?;
            }
            "--now" => config.start_ms = Some(parse_when(&value).ok_or_else(wrong)?),
            "--dialect" => {
                let tweet = choose(&value, "tweet", "post").ok_or_else(wrong)?;
                config.dialect = if tweet { Dialect::Tweet } else { Dialect::Post };
            }
            "--tweets-a-day" => config.tweets_a_day = value.parse().map_err(|_| wrong())?,
            "--tweets-before" => config.tweets_before = value.parse().map_err(|_| wrong())?,
            "--stream-rate" => config.stream_rate = value.parse().map_err(|_| wrong())?,
            "--gained-a-day" => config.gained_a_day = Some(value.parse().map_err(|_| wrong())?),
            "--lost-a-day" => config.lost_a_day = Some(value.parse().map_err(|_| wrong())?),
            "--client-id" if !value.is_empty() => config.client_id = value,
            "--client-id" => return Err(wrong()),
            "--client-secret" => config.client_secret = value,
            "--refresh-reuse" => {
                config.refresh_reuse = Reuse::from_name(&value).ok_or_else(wrong)?;
            }
            "--missing" => config.missing = NotFoundForm::from_name(&value).ok_or_else(wrong)?,
            _ => config.speed = value.parse().map_err(|_| wrong())?,
        }
    }
    Ok(if bench { Command::Bench(config) } else { Command::Serve(config, port) })
}

fn choose(value: &str, yes: &str, no: &str) -> Option<bool> {
    if value == yes { Some(true) } else { (value == no).then_some(false) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn every_flag_is_read() {
        let line = "--seed 7 --followers=25 --port 0 --rate-limits off \
            --now 2026-01-02T03:04:05Z --dialect post --speed 0 --stream-rate 0.5 \
            --tweets-a-day 12.5 --tweets-before=4000 --client-id app --client-secret= \
            --refresh-reuse strict --gained-a-day 60 --lost-a-day=40.5 --missing bare";
        let config = Config {
            seed: 7,
            followers: 25,
            start_ms: Some(1_767_323_045_000),
            speed: 0.0,
            limits_enforced: false,
            dialect: Dialect::Post,
            stream_rate: 0.5,
            tweets_a_day: 12.5,
            tweets_before: 4_000,
            gained_a_day: Some(60.0),
            lost_a_day: Some(40.5),
            client_id: "app".to_owned(),
            client_secret: String::new(),
            refresh_reuse: Reuse::Strict,
            missing: NotFoundForm::Bare,
        };
        assert_eq!(parsed(line), Ok(Command::Serve(config, 0)));
        assert_eq!(parsed(""), Ok(Command::Serve(Config::default(), DEFAULT_PORT)));
        assert_eq!(parsed("--bench"), Ok(Command::Bench(Config::default())));
        assert_eq!(parsed("--seed 1 --help"), Ok(Command::Help));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (line, flag) in [
            ("--sed 1", "--sed"),
            ("--seed", "--seed"),
            ("--seed -1", "--seed"),
            ("--port 99999", "--port"),
            ("--rate-limits on", "--rate-limits"),
            ("--now yesterday", "--now"),
            ("--dialect both", "--dialect"),
            ("--speed fast", "--speed"),
            ("--stream-rate many", "--stream-rate"),
            ("--tweets-a-day often", "--tweets-a-day"),
            ("--tweets-before -1", "--tweets-before"),
            ("--lost-a-day few", "--lost-a-day"),
            ("--client-id=", "--client-id"),
            ("--refresh-reuse never", "--refresh-reuse"),
            ("--missing gone", "--missing"),
            ("12", "12"),
        ] {
            assert!(parsed(line).unwrap_err().contains(flag), "{line}");
        }
    }
}

//! Keys. Owns: which command a key press is. Must not know: what a command does. Invariant:
//! nothing is a command while one types, or with Alt, Ctrl or Meta held (but for the palette
//! and Escape), and the keys written in the help are the keys read here.

use crate::address::Page;
use crate::period::Preset;

/// Everything that a key, or the palette, can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Period(Preset),
    Custom,
    Earlier,
    Later,
    Interval,
    Comparison,
    Search,
    /// To the row so many below (above, if negative) of a long table.
    Row(isize),
    Go(Page),
    /// To the account at that place of the switcher, from 0.
    Account(usize),
    Help,
    Palette,
    Theme,
    /// Stops and goes on, on the Live page.
    Pause,
    /// Closes or lets go of whatever is innermost.
    Escape,
}

/// A key press, without the browser around it.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own about one press")]
#[derive(Clone, Debug, Default)]
pub(crate) struct Press {
    /// As `KeyboardEvent.key` says it.
    pub(crate) key: String,
    /// Alt, Ctrl or Meta is held.
    pub(crate) chord: bool,
    /// Ctrl (Meta on a Mac) alone is held.
    pub(crate) control: bool,
    pub(crate) shift: bool,
    /// The focus is where letters are typed.
    pub(crate) typing: bool,
    /// The focus is on something that uses arrows itself (the tide, a slider, a menu).
    pub(crate) arrows_taken: bool,
    /// The focus is on something that the space bar presses.
    pub(crate) space_taken: bool,
    /// The page is the Live one, where pausing comes before periods.
    pub(crate) live: bool,
    /// The page has a long table.
    pub(crate) rows: bool,
}

/// What a press means, and whether `g` now waits for its second key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meaning {
    pub(crate) command: Option<Command>,
    pub(crate) waits: bool,
}

const NOTHING: Meaning = Meaning { command: None, waits: false };

fn means(command: Command) -> Meaning {
    Meaning { command: Some(command), waits: false }
}

/// Reads a press; `waited` says that `g` was pressed just before. `letters` is the owner's
/// switch for single-key shortcuts (WCAG 2.1.4): the palette and Escape work without it.
pub(crate) fn read(press: &Press, waited: bool, letters: bool) -> Meaning {
    if press.control && press.key.eq_ignore_ascii_case("k") {
        return means(Command::Palette);
    }
    if press.key == "Escape" {
        return means(Command::Escape);
    }
    if press.typing || press.chord || !letters {
        return NOTHING;
    }
    if waited {
        return page_of(&press.key).map_or(NOTHING, |page| means(Command::Go(page)));
    }
    match press.key.as_str() {
        "ArrowLeft" if !press.arrows_taken => means(Command::Earlier),
        "ArrowRight" if !press.arrows_taken => means(Command::Later),
        "/" => means(Command::Search),
        "?" => means(Command::Help),
        "g" => Meaning { command: None, waits: true },
        " " if press.live && !press.space_taken => means(Command::Pause),
        _ if press.shift => NOTHING,
        "j" if press.rows => means(Command::Row(1)),
        "k" if press.rows => means(Command::Row(-1)),
        "p" if press.live => means(Command::Pause),
        "c" => means(Command::Custom),
        "r" => means(Command::Go(Page::Live)),
        "i" => means(Command::Interval),
        "x" => means(Command::Comparison),
        key => {
            let account = account_of(key).map(Command::Account);
            account.or_else(|| preset_of(key).map(Command::Period)).map_or(NOTHING, means)
        }
    }
}

fn preset_of(key: &str) -> Option<Preset> {
    let mut letters = key.chars();
    let letter = letters.next()?;
    letters.next().is_none().then(|| Preset::from_key(letter))?
}

/// The digits from 1 choose an account.
fn account_of(key: &str) -> Option<usize> {
    let digit = key.parse::<usize>().ok().filter(|digit| (1..=9).contains(digit))?;
    (key.len() == 1).then_some(digit - 1)
}

fn page_of(key: &str) -> Option<Page> {
    match key {
        "o" => Some(Page::Overview),
        "f" => Some(Page::Followers),
        "t" => Some(Page::Tweets),
        "l" => Some(Page::Live),
        "c" => Some(Page::Collection),
        "s" => Some(Page::Settings),
        _ => None,
    }
}

/// One line of the help and of the palette.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) command: Command,
    pub(crate) keys: &'static [&'static str],
    pub(crate) label: String,
}

fn entry(command: Command, keys: &'static [&'static str], label: &str) -> Entry {
    Entry { command, keys, label: label.to_owned() }
}

/// Everything there is a key for.
pub(crate) fn entries() -> Vec<Entry> {
    let mut all = vec![
        entry(Command::Go(Page::Overview), &["G", "O"], "Go to Overview"),
        entry(Command::Go(Page::Followers), &["G", "F"], "Go to Followers"),
        entry(Command::Go(Page::Tweets), &["G", "T"], "Go to Tweets"),
        entry(Command::Go(Page::Live), &["G", "L"], "Go to Live"),
        entry(Command::Go(Page::Live), &["R"], "Live, as it happens"),
        entry(Command::Go(Page::Collection), &["G", "C"], "Go to Collection"),
        entry(Command::Go(Page::Settings), &["G", "S"], "Go to Settings"),
        entry(Command::Go(Page::Lookups), &[], "Look people up"),
        entry(Command::Go(Page::Connect), &[], "Connect with X"),
        entry(Command::Account(0), &["1"], "First account; 2 to 9: the others"),
        entry(Command::Search, &["/"], "Search followers, or tweets"),
        entry(Command::Row(1), &["J"], "Next tweet"),
        entry(Command::Row(-1), &["K"], "Tweet before"),
        entry(Command::Earlier, &["←"], "Previous period"),
        entry(Command::Later, &["→"], "Next period"),
        entry(Command::Custom, &["C"], "Choose dates"),
        entry(Command::Interval, &["I"], "Change interval"),
        entry(Command::Comparison, &["X"], "Change comparison"),
        entry(Command::Pause, &["P"], "Pause the live stream"),
        entry(Command::Palette, &["Ctrl", "K"], "Find a command or a person"),
        entry(Command::Help, &["?"], "Show these keys"),
        entry(Command::Theme, &[], "Switch between light and dark"),
    ];
    all.extend(Preset::ORDER.map(|preset| Entry {
        command: Command::Period(preset),
        keys: preset_keys(preset),
        label: preset.label().to_owned(),
    }));
    all
}

fn preset_keys(preset: Preset) -> &'static [&'static str] {
    match preset {
        Preset::Today => &["D"],
        Preset::Yesterday => &["E"],
        Preset::Hours24 => &["H"],
        Preset::Days7 => &["W"],
        Preset::Days28 => &["F"],
        Preset::Days30 => &["T"],
        Preset::Days91 => &["N"],
        Preset::MonthToDate => &["M"],
        Preset::LastMonth => &["P"],
        Preset::YearToDate => &["Y"],
        Preset::Months6 => &["S"],
        Preset::Months12 => &["L"],
        Preset::All => &["A"],
    }
}

/// Entries whose label holds every word typed, those that begin with it first.
pub(crate) fn matching(entries: &[Entry], typed: &str) -> Vec<Entry> {
    let typed = typed.trim().to_lowercase();
    let holds = |entry: &&Entry| {
        let label = entry.label.to_lowercase();
        typed.split_whitespace().all(|word| label.contains(word))
    };
    let found: Vec<Entry> = entries.iter().filter(holds).cloned().collect();
    let later = |entry: &Entry| !entry.label.to_lowercase().starts_with(&typed);
    crate::order::sorted(found, |one, other| later(one).cmp(&later(other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(key: &str) -> Press {
        Press { key: key.to_owned(), ..Press::default() }
    }

    #[track_caller]
    fn check(press: &Press, waited: bool, expected: Option<Command>) {
        assert_eq!(read(press, waited, true).command, expected, "{press:?}");
    }

    #[test]
    fn letters_choose_periods() {
        check(&press("d"), false, Some(Command::Period(Preset::Today)));
        check(&press("l"), false, Some(Command::Period(Preset::Months12)));
        check(&press("c"), false, Some(Command::Custom));
        check(&press("z"), false, None);
        check(&press("Enter"), false, None);
    }

    #[test]
    fn digits_choose_accounts_and_r_is_live() {
        check(&press("1"), false, Some(Command::Account(0)));
        check(&press("9"), false, Some(Command::Account(8)));
        check(&press("0"), false, None);
        check(&press("r"), false, Some(Command::Go(Page::Live)));
        check(&Press { typing: true, ..press("1") }, false, None);
    }

    #[test]
    fn g_waits_for_a_place() {
        assert!(read(&press("g"), false, true).waits);
        check(&press("f"), true, Some(Command::Go(Page::Followers)));
        check(&press("f"), false, Some(Command::Period(Preset::Days28)));
        check(&press("d"), true, None);
    }

    #[test]
    fn typing_and_chords_are_left_alone() {
        check(&Press { typing: true, ..press("d") }, false, None);
        check(&Press { chord: true, ..press("ArrowLeft") }, false, None);
        check(&Press { shift: true, ..press("D") }, false, None);
        check(&Press { shift: true, ..press("?") }, false, Some(Command::Help));
    }

    #[test]
    fn arrows_belong_to_whoever_uses_them() {
        check(&press("ArrowLeft"), false, Some(Command::Earlier));
        check(&Press { arrows_taken: true, ..press("ArrowLeft") }, false, None);
    }

    #[test]
    fn the_live_page_pauses() {
        let live = |key: &str| Press { live: true, ..press(key) };
        check(&live("p"), false, Some(Command::Pause));
        check(&live(" "), false, Some(Command::Pause));
        check(&Press { space_taken: true, ..live(" ") }, false, None);
        check(&press(" "), false, None);
        check(&press("p"), false, Some(Command::Period(Preset::LastMonth)));
    }

    #[test]
    fn rows_have_keys_where_there_are_rows() {
        check(&Press { rows: true, ..press("j") }, false, Some(Command::Row(1)));
        check(&Press { rows: true, ..press("k") }, false, Some(Command::Row(-1)));
        check(&press("j"), false, None);
        check(&Press { rows: true, ..press("t") }, true, Some(Command::Go(Page::Tweets)));
    }

    #[test]
    fn the_palette_and_escape_work_always() {
        let palette = Press { control: true, chord: true, typing: true, ..press("k") };
        assert_eq!(read(&palette, false, false).command, Some(Command::Palette));
        assert_eq!(read(&press("Escape"), false, false).command, Some(Command::Escape));
        assert_eq!(read(&press("d"), false, false).command, None);
    }

    #[test]
    fn every_key_in_the_help_does_what_it_says() {
        for entry in entries().iter().filter(|entry| entry.command != Command::Palette) {
            let (first, rest) = match entry.keys {
                [] => continue,
                [first, rest @ ..] => (*first, rest),
            };
            let key = match first {
                "←" => "ArrowLeft".to_owned(),
                "→" => "ArrowRight".to_owned(),
                other => other.to_lowercase(),
            };
            let live = entry.command == Command::Pause;
            let rows = matches!(entry.command, Command::Row(_));
            let meaning = read(&Press { live, rows, ..press(&key) }, false, true);
            let meaning = match rest {
                [second] => read(&press(&second.to_lowercase()), meaning.waits, true),
                _ => meaning,
            };
            assert_eq!(meaning.command, Some(entry.command), "{}", entry.label);
        }
    }

    #[test]
    fn the_palette_finds_by_words() {
        let labels = |typed: &str| {
            matching(&entries(), typed).into_iter().map(|entry| entry.label).collect::<Vec<_>>()
        };
        assert_eq!(labels("to foll"), ["Go to Followers"]);
        assert_eq!(labels("month").first().map(String::as_str), Some("Month to date"));
        assert!(labels("qqq").is_empty());
    }
}

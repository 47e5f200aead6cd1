//! What this device remembers of its viewer: theme, zone, keys. Invariant: what is remembered
//! is never needed; every setting has a default that works.

use crate::browser;

/// Light, dark, or as the system says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Theme {
    #[default]
    Auto,
    Light,
    Dark,
}

impl Theme {
    /// In the order of the settings.
    pub(crate) const ORDER: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// As stored and as `data-theme` has it.
    pub(crate) fn slug(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// As the settings write it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Auto => "As the system",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }
}

/// The viewer's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) theme: Theme,
    /// An IANA zone; the browser's if absent.
    pub(crate) zone: Option<String>,
    /// Whether single letters are shortcuts.
    pub(crate) letters: bool,
}

const ZONE_KEY: &str = "roost.zone";
const LETTERS_KEY: &str = "roost.letters";

impl Settings {
    /// What was remembered.
    pub(crate) fn load() -> Self {
        let theme = browser::remembered("roost.theme");
        Self {
            theme: Theme::ORDER.into_iter().find(|one| one.slug() == theme).unwrap_or_default(),
            zone: Some(browser::remembered(ZONE_KEY)).filter(|zone| !zone.is_empty()),
            letters: browser::remembered(LETTERS_KEY) != "off",
        }
    }

    /// Remembers them.
    pub(crate) fn save(&self) {
        browser::set_theme(self.theme.slug());
        browser::remember(ZONE_KEY, self.zone.as_deref().unwrap_or(""));
        browser::remember(LETTERS_KEY, if self.letters { "" } else { "off" });
    }
}

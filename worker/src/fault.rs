//! Errors of the shell. Owns: what a caller is told (a [`Problem`]) and what only the log is
//! told. Invariant: internal detail reaches the owner alone, as why work was ended; every answer names its request.

use shared::api::Problem;
use shared::attempts::Ended;

/// The shell's result.
pub(crate) type Result<T> = std::result::Result<T, Fault>;

/// Something that ends a request or a run.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Fault {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The kind in a few words; names the anchor in the API page.
    pub(crate) title: String,
    /// What was wrong, where, and what to do.
    pub(crate) detail: String,
    /// For the log only.
    #[serde(default)]
    internal: Option<String>,
    /// What did not answer is not ours: the bucket, a queue, the way to another object.
    #[serde(default)]
    outage: bool,
}

impl Fault {
    pub(crate) fn new(status: u16, title: &str, detail: impl Into<String>) -> Self {
        Self {
            status,
            title: title.to_owned(),
            detail: detail.into(),
            internal: None,
            outage: false,
        }
    }

    /// Bad input: says what, where and what to do.
    pub(crate) fn bad(detail: impl Into<String>) -> Self {
        Self::new(400, "Bad request", detail)
    }

    /// Something named does not exist.
    pub(crate) fn missing(detail: impl Into<String>) -> Self {
        Self::new(404, "Not found", detail)
    }

    /// Our own trouble: the caller learns only that, the log learns all.
    pub(crate) fn internal(what: impl Into<String>) -> Self {
        Self {
            status: 500,
            title: "Internal error".to_owned(),
            detail: "Something failed inside Roost; nothing was half-written. The log names this \
                     request."
                .to_owned(),
            internal: Some(what.into()),
            outage: false,
        }
    }

    /// How an attempt that ended so is counted.
    pub(crate) fn ended(&self) -> Ended {
        let why = self.cause().to_owned();
        // 503: an object that does not work at all says so itself.
        if self.outage || self.status == 503 { Ended::Outage(why) } else { Ended::Failed(why) }
    }

    /// What the log should say.
    pub(crate) fn log(&self) -> String {
        match &self.internal {
            Some(internal) => format!("{} {}: {internal}", self.status, self.title),
            None => format!("{} {}: {}", self.status, self.title, self.detail),
        }
    }

    /// What went wrong, for whoever has to mend it.
    pub(crate) fn cause(&self) -> &str {
        self.internal.as_deref().unwrap_or(&self.detail)
    }

    /// The problem document of this fault in this request.
    pub(crate) fn problem(&self, request_id: &str) -> Problem {
        let anchor: String = self
            .title
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
            .collect();
        Problem {
            kind: format!("/docs/api#{anchor}"),
            title: self.title.clone(),
            status: self.status,
            detail: self.detail.clone(),
            request_id: request_id.to_owned(),
        }
    }
}

impl From<worker::Error> for Fault {
    fn from(error: worker::Error) -> Self {
        // Calls of the platform: what is stored and read goes through `Sql` and serde.
        Self { outage: true, ..Self::internal(error.to_string()) }
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::internal(format!("JSON: {error}"))
    }
}

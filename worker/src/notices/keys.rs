//! The secrets of alerts, sealed: addresses, access tokens, keys of signatures. Owns: the rows they
//! lie in, and that an alert of before they were sealed is. Must not know: who is called with them.
//! Invariant: a row of an alert and that of its seal change in one write; what is not sealed yet
//! is never taken for lost.

use super::Notices;
use super::store::put_alert;
use crate::config::Config;
use crate::fault::{Fault, Result};
use crate::http::random_hex;
use crate::sql::values;
use crate::vault;
use shared::api::{AlertChange, AlertKind};
use shared::notify::alert::{Alert, Keys};
use shared::sealed::Key;

/// 128 bits: neither a key nor an address is guessed.
pub(super) const SECRET_DIGITS: usize = 32;

/// Secrets as they are to be written.
pub(super) struct Sealed {
    /// The same in the open, for the answer that made them.
    pub(super) secret: Option<String>,
    bytes: Vec<u8>,
}

impl Notices {
    /// An alert with its secrets; the inner error is for the owner.
    pub(super) async fn whole(&self, alert: Alert) -> Result<std::result::Result<Alert, String>> {
        let Some(sealed) = self.sealed(&alert.id)? else { return Ok(Ok(alert)) };
        let config = Config::read(&self.env);
        let Some(secret) = &config.roost_secret else { return Ok(Err(locked("it is not set"))) };
        let text = match vault::open(secret.expose(), &place(&alert.id), &sealed).await? {
            Ok(text) => text,
            Err(error) => return Ok(Err(locked(&error.to_string()))),
        };
        let keys: Keys = serde_json::from_str(&text)?;
        Ok(Ok(alert.with(keys)))
    }

    /// Why an alert's secrets cannot be read, if they cannot.
    pub(super) fn why_locked(&self, alert: &Alert) -> Result<Option<String>> {
        let Some(sealed) = self.sealed(&alert.id)? else { return Ok(None) };
        let config = Config::read(&self.env);
        let Some(secret) = &config.roost_secret else { return Ok(Some(locked("it is not set"))) };
        let opened = Key::of(secret.expose()).unwrap(&sealed);
        Ok(opened.err().map(|error| locked(&error.to_string())))
    }

    /// Takes an alert's secrets out of it, sealed; none, if it has none.
    pub(super) async fn seal(&self, alert: &mut Alert) -> Result<Option<Sealed>> {
        if !alert.has_keys() {
            return Ok(None);
        }
        let (secret, keys) = (alert.secret.clone(), alert.part());
        let text = serde_json::to_string(&keys)?;
        let config = Config::read(&self.env);
        let bytes = vault::seal(config.sealing()?.expose(), &place(&alert.id), &text).await?;
        Ok(Some(Sealed { secret, bytes }))
    }

    /// The secrets of an alert after a change, sealed; none, if it changes none of them. What
    /// cannot be opened can be replaced as a whole.
    pub(super) async fn rekeyed(
        &self,
        alert: &Alert,
        change: &AlertChange,
        local: bool,
    ) -> Result<Option<Sealed>> {
        let webhook = alert.kind == AlertKind::Webhook;
        let rotate = webhook && change.rotate == Some(true);
        if change.destination.is_none() && change.token.is_none() && !rotate {
            return Ok(None);
        }
        let replaced = change.destination.is_some() && (rotate || !webhook);
        loop {
            let before = self.sealed(&alert.id)?;
            let mut whole = match self.whole(alert.clone()).await? {
                Ok(whole) => whole,
                Err(_) if replaced => alert.clone(),
                Err(why) => return Err(Fault::new(409, "Locked", why)),
            };
            whole.change(change, local).map_err(Fault::bad)?;
            if rotate {
                whole.secret = Some(random_hex(SECRET_DIGITS));
            }
            let sealed = self.seal(&mut whole).await?;
            // Somebody else may have changed them meanwhile.
            if self.sealed(&alert.id)? == before {
                return Ok(sealed);
            }
        }
    }

    /// Writes an alert without its secrets, and those.
    pub(super) fn put_sealed(&self, alert: &Alert, sealed: Sealed) -> Result<()> {
        let (sql, alert) = (self.sql.clone(), alert.clone());
        self.sql.atomically(move || {
            put_alert(&sql, &alert)?;
            sql.run(
                "INSERT INTO seals (alert, sealed) VALUES (?, ?)
                 ON CONFLICT (alert) DO UPDATE SET sealed = excluded.sealed",
                values![alert.id, sealed.bytes],
            )
        })
    }

    /// Seals what an older Roost, or one without `ROOST_SECRET`, wrote in the open.
    pub(super) async fn seal_old(&self) -> Result<()> {
        if Config::read(&self.env).roost_secret.is_none() {
            return Ok(());
        }
        for alert in self.alerts()? {
            if !alert.has_keys() || self.sealed(&alert.id)?.is_some() {
                continue;
            }
            let mut parted = alert.clone();
            let Some(sealed) = self.seal(&mut parted).await? else { continue };
            // Unless it was changed, or deleted, meanwhile: then the next look seals it.
            if self.sealed(&alert.id)?.is_none() && self.alert(&alert.id)?.as_ref() == Some(&alert)
            {
                self.put_sealed(&parted, sealed)?;
            }
        }
        Ok(())
    }

    fn sealed(&self, id: &str) -> Result<Option<Vec<u8>>> {
        let row = self.sql.first("SELECT sealed FROM seals WHERE alert = ?", values![id])?;
        row.map(|mut row| row.blob()).transpose()
    }
}

/// The name of a seal's row, which is part of it.
fn place(alert: &str) -> String {
    format!("alert-{alert}")
}

fn locked(why: &str) -> String {
    format!(
        "The address cannot be read ({why}): set ROOST_SECRET back to what it was, or set \
         `destination` anew, of a webhook with `rotate`"
    )
}

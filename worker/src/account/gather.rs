//! What the crawl under way has gathered. Invariant: the pages in SQLite are the truth; the set
//! in memory is made from them and says only which ids are new.

use super::Account;
use crate::fault::{Fault, Result};
use crate::sql::values;
use shared::crawl::Crawl;
use shared::id::UserId;
use std::collections::HashSet;

/// The distinct ids of the pages kept so far: 9 bytes a follower in use, about 19 MB at
/// 1,000,000.
pub(super) struct Gathered {
    ids: HashSet<u64>,
}

/// A page as it will be kept.
pub(super) struct Page {
    /// Its number, from 0.
    pub(super) number: u32,
    /// Its ids that no earlier page had.
    pub(super) fresh: Vec<UserId>,
    /// Its gzip member of the snapshot.
    pub(super) member: Vec<u8>,
}

impl Account {
    /// The crawl under way.
    pub(super) fn crawl(&self) -> Result<Option<Crawl>> {
        self.meta("crawl")
    }

    pub(super) fn save_crawl(&self, crawl: &Crawl) -> Result<()> {
        self.put_meta("crawl", crawl)
    }

    /// Saves what became of the crawl under way. Of one that is not any more (its account was
    /// deleted while X was asked) nothing is kept.
    pub(super) fn save_step(&self, crawl: &Crawl) -> Result<()> {
        if self.is_under_way(crawl)? { self.save_crawl(crawl) } else { Ok(()) }
    }

    /// Whether it is this crawl that is under way.
    pub(super) fn is_under_way(&self, crawl: &Crawl) -> Result<bool> {
        Ok(self.crawl()?.is_some_and(|now| now.run() == crawl.run()))
    }

    /// Which of these ids no kept page has, in order; repeats within `ids` count once.
    pub(super) fn fresh(&self, ids: &[UserId]) -> Result<Vec<UserId>> {
        if self.memory.gathered.borrow().is_none() {
            let mut known = HashSet::new();
            for mut row in self.sql.rows("SELECT ids FROM crawl_ids ORDER BY page", values![])? {
                known.extend(unpack(&row.blob()?)?);
            }
            self.memory.gathered.replace(Some(Gathered { ids: known }));
        }
        let gathered = self.memory.gathered.borrow();
        let known = gathered.as_ref().map(|gathered| &gathered.ids);
        let mut seen = HashSet::with_capacity(ids.len());
        Ok(ids
            .iter()
            .copied()
            .filter(|id| known.is_none_or(|known| !known.contains(&id.0)) && seen.insert(id.0))
            .collect())
    }

    /// Keeps a page: its bytes, its ids, the crawl's next cursor and what it cost land in one
    /// write, or not at all.
    pub(super) fn keep(&self, page: Page, crawl: &Crawl, lease: &super::lease::Open) -> Result<()> {
        let packed: Vec<u8> = page.fresh.iter().flat_map(|id| id.0.to_le_bytes()).collect();
        let (sql, crawl, lease) = (self.sql.clone(), crawl.clone(), lease.clone());
        let (number, member) = (page.number, page.member);
        self.sql.atomically(move || {
            sql.run(
                "INSERT INTO crawl_ids (page, ids) VALUES (?, ?)",
                values![i64::from(number), packed],
            )?;
            if !member.is_empty() {
                sql.run("INSERT INTO crawl_bytes (bytes) VALUES (?)", values![member])?;
            }
            sql.put_meta("lease", &lease)?;
            sql.put_meta("crawl", &crawl)
        })?;
        if let Some(gathered) = self.memory.gathered.borrow_mut().as_mut() {
            gathered.ids.extend(page.fresh.iter().map(|id| id.0));
        }
        Ok(())
    }

    /// Drops the gathered pages; the crawl itself stays.
    pub(super) fn drop_pages(&self) -> Result<()> {
        let sql = self.sql.clone();
        self.sql.atomically(move || {
            for table in ["crawl_ids", "crawl_bytes", "crawl_parts"] {
                sql.run(&format!("DELETE FROM {table}"), values![])?;
            }
            Ok(())
        })?;
        self.memory.gathered.replace(None);
        Ok(())
    }
}

fn unpack(packed: &[u8]) -> Result<Vec<u64>> {
    let (words, rest) = packed.as_chunks::<8>();
    if !rest.is_empty() {
        return Err(Fault::internal("a page of ids is cut".to_owned()));
    }
    Ok(words.iter().map(|word| u64::from_le_bytes(*word)).collect())
}

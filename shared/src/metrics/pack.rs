//! A series as bytes. Owns: the format. Must not know: what the numbers mean. Invariant: equal
//! series are equal bytes; bytes that [`Series::encode`] cannot have written are refused.
//!
//! # Format
//! `TWM1`; the number of instants and of metrics (LEB128); each metric as its code, or as 255,
//! its family, the length of its name and the name; then bits, lowest first: the instants
//! (`times`), and for each metric where it is absent and its values; then the CRC-32 of all that
//! as 4 little-endian bytes.
//!
//! X's families say much of the same: what is `public` is what was `organic` and what was
//! `promoted`. So a metric's steps are written as they are, or less those of another metric of
//! the same name, or less the difference of two such: 4 bits say which, the shortest is taken.
//! None of this depends on X's numbers being consistent; it only pays where they are.

use super::bits::{BitReader, BitWriter, Short};
use super::{CELLS_MAX, Family, METRICS_MAX, Metric, ROWS_MAX, Series, column, times};
use crate::packed::{self, Damaged, Input};
use std::collections::BTreeMap;

const MAGIC: [u8; 4] = *b"TWM1";
/// In place of a code: the name follows.
const NAMED: u8 = 255;
/// Bits of the choice of what a metric is written against.
const MODEL_BITS: u32 = 4;

type Cells = Vec<Option<u64>>;

impl Series {
    /// The packed bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        packed::put_varint(&mut out, self.times.len() as u64);
        packed::put_varint(&mut out, self.columns.len() as u64);
        self.columns.keys().for_each(|metric| put_metric(&mut out, metric));
        let mut bits = BitWriter::default();
        times::put(&mut bits, &self.times);
        let columns: Vec<(&Metric, &Cells)> = self.columns.iter().collect();
        for (index, (metric, cells)) in columns.iter().enumerate() {
            let before = columns.get(..index).unwrap_or_default();
            put_presence(&mut bits, before.last().map(|(_, cells)| *cells), cells);
            put_values(&mut bits, before, metric, cells);
        }
        out.extend(bits.finish());
        packed::seal(out)
    }

    /// Reads packed bytes back.
    ///
    /// # Errors
    /// [`Damaged`] for anything [`Self::encode`] cannot have written.
    pub fn decode(bytes: &[u8]) -> Result<Self, Damaged> {
        let mut input = Input::open("tweet series", MAGIC, bytes)?;
        let mut limited = |what: &str, max: usize| {
            let count = usize::try_from(input.varint()?).unwrap_or(usize::MAX);
            if count <= max {
                return Ok(count);
            }
            Err(input.damaged(format!("it claims {count} {what}")))
        };
        let rows = limited("instants", ROWS_MAX)?;
        let count = limited("metrics", METRICS_MAX.min(CELLS_MAX / rows.max(1)))?;
        let mut metrics = Vec::with_capacity(count);
        for _ in 0..count {
            metrics.push(take_metric(&mut input)?);
        }
        if !metrics.is_sorted_by(|a, b| a < b) {
            return Err(input.damaged("its metrics do not ascend".into()));
        }
        let mut bits = BitReader::new(input.rest());
        body(&mut bits, rows, metrics)
            .ok()
            .filter(|_| bits.at_end())
            .ok_or_else(|| input.damaged("its numbers do not end where it ends".into()))
    }
}

fn body(bits: &mut BitReader<'_>, rows: usize, metrics: Vec<Metric>) -> Result<Series, Short> {
    let times = times::take(bits, rows)?;
    let mut columns: Vec<(Metric, Cells)> = Vec::with_capacity(metrics.len());
    for metric in metrics {
        let before = columns.last().map(|(_, cells)| cells.as_slice());
        let mut cells = take_presence(bits, before, rows)?;
        if cells.iter().all(Option::is_none) {
            return Err(Short);
        }
        let known: Vec<(&Metric, &Cells)> = columns.iter().map(|(m, c)| (m, c)).collect();
        take_values(bits, &known, &metric, &mut cells)?;
        columns.push((metric, cells));
    }
    Ok(Series { times, columns: BTreeMap::from_iter(columns) })
}

fn put_metric(out: &mut Vec<u8>, metric: &Metric) {
    if let Some(code) = metric.code() {
        return out.push(code);
    }
    let family = Family::ALL.iter().position(|family| *family == metric.family());
    out.extend([NAMED, u8::try_from(family.unwrap_or_default()).unwrap_or_default()]);
    packed::put_varint(out, metric.name().len() as u64);
    out.extend(metric.name().as_bytes());
}

fn take_metric(input: &mut Input<'_>) -> Result<Metric, Damaged> {
    let code = byte(input)?;
    let metric = if code == NAMED {
        let family = Family::ALL.get(usize::from(byte(input)?)).copied();
        let length = input.varint()?;
        let name = std::str::from_utf8(input.take(length)?).ok();
        family.zip(name).and_then(|(family, name)| Metric::of(family, name))
    } else {
        Metric::of_code(code)
    };
    metric.ok_or_else(|| input.damaged(format!("it holds metric {code}, which is not known")))
}

fn byte(input: &mut Input<'_>) -> Result<u8, Damaged> {
    input.take(1).map(|bytes| bytes.first().copied().unwrap_or_default())
}

/// Where values are: 1, if where they are in the metric before; else 0, and how many are there,
/// absent, there, and so on.
fn put_presence(bits: &mut BitWriter, before: Option<&Cells>, cells: &Cells) {
    let all = |at: usize| before.is_none_or(|cells| cells.get(at).is_some_and(Option::is_some));
    let same = cells.iter().enumerate().all(|(at, cell)| cell.is_some() == all(at));
    bits.put(u64::from(same), 1);
    if same {
        return;
    }
    let (mut there, mut run) = (true, 0_u64);
    for cell in cells {
        if cell.is_some() != there {
            bits.put_gamma(run);
            (there, run) = (!there, 0);
        }
        run += 1;
    }
    bits.put_gamma(run);
}

/// Cells with 0 wherever there is a value.
fn take_presence(
    bits: &mut BitReader<'_>,
    before: Option<&[Option<u64>]>,
    rows: usize,
) -> Result<Cells, Short> {
    if bits.take(1)? == 1 {
        let same = |cells: &[Option<u64>]| cells.iter().map(|cell| cell.map(|_| 0)).collect();
        return Ok(before.map_or_else(|| vec![Some(0); rows], same));
    }
    let mut cells = Vec::with_capacity(rows);
    let mut there = true;
    while cells.len() < rows {
        let run = usize::try_from(bits.gamma()?).unwrap_or(usize::MAX);
        let end = cells.len().checked_add(run).filter(|&end| end <= rows).ok_or(Short)?;
        cells.resize(end, there.then_some(0));
        there = !there;
    }
    Ok(cells)
}

/// What a metric is written against: nothing, another, or the difference of two.
#[derive(Clone, Copy)]
struct Model<'a> {
    plus: Option<&'a [Option<u64>]>,
    minus: Option<&'a [Option<u64>]>,
}

impl Model<'_> {
    /// What it expects at a row; `None` where something of it is absent.
    #[inline]
    fn at(&self, row: usize) -> Option<u64> {
        let cell = |cells: Option<&[Option<u64>]>| match cells {
            Some(cells) => cells.get(row).copied().flatten(),
            None => Some(0),
        };
        Some(cell(self.plus)?.wrapping_sub(cell(self.minus)?))
    }
}

/// The models a metric can be written against, in the order of their codes: at most 10, for
/// X's four families.
fn models<'a>(before: &[(&Metric, &'a Cells)], metric: &Metric) -> Vec<Model<'a>> {
    let alike = before.iter().filter(|(other, _)| other.name() == metric.name());
    let alike: Vec<&'a [Option<u64>]> = alike.map(|(_, cells)| cells.as_slice()).collect();
    let nothing = Model { plus: None, minus: None };
    let one = alike.iter().map(|&plus| Model { plus: Some(plus), minus: None });
    let (others, places) = (alike.iter().enumerate(), alike.len());
    let two = others.flat_map(|(at, &plus)| {
        let minus = (0..places).filter(move |&other| other != at);
        minus.map(move |other| (plus, other))
    });
    let two = two.map(|(plus, other)| Model { plus: Some(plus), minus: alike.get(other).copied() });
    std::iter::once(nothing).chain(one).chain(two).collect()
}

fn put_values(bits: &mut BitWriter, before: &[(&Metric, &Cells)], metric: &Metric, cells: &Cells) {
    let written = (0_u64..).zip(models(before, metric)).map(|(code, model)| {
        let mut out = BitWriter::default();
        out.put(code, MODEL_BITS);
        column::put(&mut out, &steps(cells, model));
        out
    });
    if let Some(shortest) = written.min_by_key(BitWriter::len) {
        bits.append(&shortest);
    }
}

/// What each value adds to the one before, less what the model added.
fn steps(cells: &Cells, model: Model<'_>) -> Vec<i64> {
    let mut walk = Walk::new(model);
    let present = cells.iter().enumerate().filter_map(|(row, cell)| Some((row, (*cell)?)));
    present
        .map(|(row, value)| {
            let step = value.wrapping_sub(walk.expected(row)).cast_signed();
            walk.was(value);
            step
        })
        .collect()
}

fn take_values(
    bits: &mut BitReader<'_>,
    before: &[(&Metric, &Cells)],
    metric: &Metric,
    cells: &mut Cells,
) -> Result<(), Short> {
    let code = usize::try_from(bits.take(MODEL_BITS)?).unwrap_or_default();
    let model = models(before, metric).get(code).copied().ok_or(Short)?;
    let mut walk = Walk::new(model);
    let count = cells.iter().flatten().count();
    let mut present = cells.iter_mut().enumerate().filter(|(_, cell)| cell.is_some());
    column::take(bits, count, |step| {
        if let Some((row, cell)) = present.next() {
            let value = walk.expected(row).wrapping_add(step.cast_unsigned());
            walk.was(value);
            *cell = Some(value);
        }
    })
}

/// Goes along a metric's values beside its model.
struct Walk<'a> {
    model: Model<'a>,
    /// The value before.
    value: u64,
    /// What the model said there.
    modelled: Option<u64>,
    /// What it says here.
    here: Option<u64>,
}

impl<'a> Walk<'a> {
    fn new(model: Model<'a>) -> Self {
        Self { model, value: 0, modelled: Some(0), here: None }
    }

    /// The value expected at a row: the one before, moved as the model moved since.
    #[inline]
    fn expected(&mut self, row: usize) -> u64 {
        self.here = self.model.at(row);
        let moved = self.here.zip(self.modelled).map(|(here, before)| here.wrapping_sub(before));
        self.value.wrapping_add(moved.unwrap_or_default())
    }

    #[inline]
    fn was(&mut self, value: u64) {
        self.value = value;
        self.modelled = self.here;
    }
}

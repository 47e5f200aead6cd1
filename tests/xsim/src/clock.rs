//! The virtual clock, and the only place that reads the machine's time.
//!
//! Knows no routes. Invariant: virtual time never moves backwards except by [`Clock::reset`],
//! and never passes the end of the world.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "milliseconds of this century stay below 2^53"
)]

use std::time::{SystemTime, UNIX_EPOCH};

/// Virtual seconds per real second may not exceed a day, lest the world end in minutes.
const SPEED_MAX: f64 = 86_400.0;

/// Real milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "a native program whose one clock read is here")]
pub(crate) fn real_now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A point of real time from which the virtual time runs on at a speed.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    start_ms: i64,
    start_speed: f64,
    end_ms: i64,
    virtual_base_ms: i64,
    real_base_ms: i64,
    speed: f64,
    /// How often the time was set.
    jumps: u64,
    /// From where to where it last was.
    last_jump_ms: (i64, i64),
}

/// What a client asks of the clock; absent parts stay as they are.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(crate) struct ClockChange {
    pub(crate) advance_s: Option<f64>,
    pub(crate) now_ms: Option<i64>,
    pub(crate) speed: Option<f64>,
}

impl Clock {
    /// # Errors
    /// When the speed is not a number from 0 to 86,400.
    pub(crate) fn new(
        start_ms: i64,
        end_ms: i64,
        speed: f64,
        real_ms: i64,
    ) -> Result<Self, String> {
        check_speed(speed)?;
        Ok(Self {
            start_ms,
            start_speed: speed,
            end_ms,
            virtual_base_ms: start_ms,
            real_base_ms: real_ms,
            speed,
            jumps: 0,
            last_jump_ms: (start_ms, start_ms),
        })
    }

    pub(crate) fn now_ms(&self, real_ms: i64) -> i64 {
        let real = real_ms.saturating_sub(self.real_base_ms).max(0);
        let passed = (real as f64 * self.speed) as i64;
        self.virtual_base_ms.saturating_add(passed).min(self.end_ms)
    }

    pub(crate) fn speed(&self) -> f64 {
        self.speed
    }

    /// How often the time was set: who follows it sees by this that it did not merely pass.
    pub(crate) fn jumps(&self) -> u64 {
        self.jumps
    }

    /// From where to where the time was last set.
    pub(crate) fn last_jump_ms(&self) -> (i64, i64) {
        self.last_jump_ms
    }

    fn jumped(&mut self, from_ms: i64, to_ms: i64) {
        self.jumps += 1;
        self.last_jump_ms = (from_ms, to_ms);
    }

    /// # Errors
    /// When the change would go back, pass the world's end, or names no valid speed; the clock
    /// is then as before.
    pub(crate) fn change(&mut self, change: ClockChange, real_ms: i64) -> Result<(), String> {
        let now = self.now_ms(real_ms);
        let mut target = change.now_ms.unwrap_or(now);
        if let Some(seconds) = change.advance_s {
            if !seconds.is_finite() {
                return Err("advance_s is not a finite number".into());
            }
            target = target.saturating_add((seconds * 1_000.0) as i64);
        }
        if target < now {
            return Err(format!("the clock stands at {now} and does not move back to {target}"));
        }
        if target > self.end_ms {
            return Err(format!("the simulated world ends at {}", self.end_ms));
        }
        let speed = change.speed.unwrap_or(self.speed);
        check_speed(speed)?;
        if target != now {
            self.jumped(now, target);
        }
        self.virtual_base_ms = target;
        self.real_base_ms = real_ms;
        self.speed = speed;
        Ok(())
    }

    /// Back to the start time and the start speed.
    pub(crate) fn reset(&mut self, real_ms: i64) {
        self.jumped(self.now_ms(real_ms), self.start_ms);
        self.virtual_base_ms = self.start_ms;
        self.real_base_ms = real_ms;
        self.speed = self.start_speed;
    }
}

fn check_speed(speed: f64) -> Result<(), String> {
    if (0.0..=SPEED_MAX).contains(&speed) {
        Ok(())
    } else {
        Err(format!("speed must be from 0 to {SPEED_MAX}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(speed: f64) -> Clock {
        Clock::new(1_000_000, 9_000_000, speed, 50).unwrap()
    }

    #[test]
    fn runs_at_its_speed_and_stops_at_the_end() {
        assert_eq!(clock(0.0).now_ms(1_050), 1_000_000);
        assert_eq!(clock(2.5).now_ms(1_050), 1_002_500);
        assert_eq!(clock(86_400.0).now_ms(i64::MAX), 9_000_000);
    }

    #[test]
    fn a_change_of_speed_does_not_jump() {
        let mut clock = clock(10.0);
        clock.change(ClockChange { speed: Some(0.0), ..Default::default() }, 150).unwrap();
        assert_eq!(clock.now_ms(99_999), 1_001_000);
    }

    #[test]
    fn refused_changes_leave_the_clock_alone() {
        let refused = [
            ClockChange { advance_s: Some(-1.0), ..Default::default() },
            ClockChange { advance_s: Some(f64::NAN), ..Default::default() },
            ClockChange { now_ms: Some(999_999), ..Default::default() },
            ClockChange { now_ms: Some(9_000_001), ..Default::default() },
            ClockChange { speed: Some(-1.0), advance_s: Some(5.0), ..Default::default() },
            ClockChange { speed: Some(f64::NAN), ..Default::default() },
        ];
        let mut clock = clock(0.0);
        for change in refused {
            assert!(clock.change(change, 60).is_err(), "{change:?}");
            assert_eq!(clock.now_ms(60), 1_000_000, "{change:?}");
        }
    }

    #[test]
    fn reset_returns_to_the_start() {
        let mut clock = clock(0.0);
        let change = ClockChange { advance_s: Some(5.0), speed: Some(3.0), now_ms: None };
        clock.change(change, 60).unwrap();
        assert_eq!(clock.now_ms(1_060), 1_008_000);
        clock.reset(1_060);
        assert_eq!((clock.now_ms(5_000), clock.speed()), (1_000_000, 0.0));
        assert_eq!((clock.jumps(), clock.last_jump_ms()), (2, (1_008_000, 1_000_000)));
    }

    #[test]
    fn a_change_of_speed_is_no_jump() {
        let mut clock = clock(1.0);
        clock.change(ClockChange { speed: Some(5.0), ..Default::default() }, 60).unwrap();
        assert_eq!(clock.jumps(), 0);
    }
}

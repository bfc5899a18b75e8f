//! Times that repeat: cron expressions of five or six fields, `@daily` and the like, `@every 1m30s`.
//!
//! The meaning is that of Go's `robfig/cron`, which users of Dapr know: seconds may be left out, a step after a single
//! number runs to the end of the field, day of month and day of week are alternatives unless one of them is `*`, and
//! an hour that the clock skips has no times while one that comes twice has them twice.

use std::time::Duration;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Unit, Zoned, ZonedRound};

/// A search for the next time ends after that many years: 30 February never comes.
const HORIZON_YEARS: i16 = 5;
/// The shortest interval.
const SHORTEST: Duration = Duration::from_millis(1);
/// Bits of a field beside its values: it was `*` or `?`.
const STAR: u64 = 1 << 63;

/// When something is to happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// At fixed intervals.
    Every(Duration),
    /// At the times that an expression describes.
    Cron(Box<Expression>),
}

/// A cron expression: a set of values for each field.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    seconds: u64,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// The zone of the expression, if it names one.
    zone: Option<TimeZone>,
}

struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    names: &'static [&'static str],
}

const SECOND: Field = Field { name: "second", least: 0, most: 59, names: &[] };
const MINUTE: Field = Field { name: "minute", least: 0, most: 59, names: &[] };
const HOUR: Field = Field { name: "hour", least: 0, most: 23, names: &[] };
const DAY: Field = Field { name: "day of month", least: 1, most: 31, names: &[] };
const MONTH: Field = Field {
    name: "month",
    least: 1,
    most: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const WEEKDAY: Field =
    Field { name: "day of week", least: 0, most: 6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };

impl Schedule {
    /// Reads an expression, which may begin with `TZ=<zone>` or `CRON_TZ=<zone>`.
    ///
    /// # Errors
    /// Which part is wrong, and what it should be.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (zone, text) = zone_of(text.trim())?;
        if let Some(name) = text.strip_prefix('@') {
            return descriptor(name, zone);
        }
        let fields: Vec<&str> = text.split_whitespace().collect();
        let (second, fields) = match fields.as_slice() {
            [second, rest @ ..] if rest.len() == 5 => (*second, rest),
            rest if rest.len() == 5 => ("0", rest),
            other => return Err(format!("expected 5 to 6 fields, or @every and the like; found {}", other.len())),
        };
        let &[minute, hour, day, month, weekday] = fields else { return Err("expected 5 to 6 fields".to_owned()) };
        Ok(Self::Cron(Box::new(Expression {
            seconds: SECOND.read(second)?,
            minutes: MINUTE.read(minute)?,
            hours: HOUR.read(hour)?,
            days: DAY.read(day)?,
            months: MONTH.read(month)?,
            weekdays: WEEKDAY.read(weekday)?,
            zone,
        })))
    }

    /// The first time after `now`; `local` is the zone of an expression that names none. `None` when there is none
    /// within five years.
    pub fn next_after(&self, now: Timestamp, local: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Every(interval) => now.checked_add(SignedDuration::try_from(*interval).ok()?).ok(),
            Self::Cron(expression) => expression.next_after(now, expression.zone.as_ref().unwrap_or(local)),
        }
    }
}

/// A time zone in front, and what follows it.
fn zone_of(text: &str) -> Result<(Option<TimeZone>, &str), String> {
    let Some(after) = text.strip_prefix("TZ=").or_else(|| text.strip_prefix("CRON_TZ=")) else {
        return Ok((None, text));
    };
    let (name, rest) = after.split_once(' ').ok_or("a time zone must be followed by a blank and the fields")?;
    let zone = TimeZone::get(name).map_err(|_| format!("`{name}` is no time zone of this machine"))?;
    Ok((Some(zone), rest.trim()))
}

fn descriptor(name: &str, zone: Option<TimeZone>) -> Result<Schedule, String> {
    if let Some(interval) = name.strip_prefix("every ") {
        let interval = crate::duration::parse(interval.trim())
            .map_err(|error| format!("`@every` needs a duration such as 1m30s: {error}"))?;
        if interval < SHORTEST {
            return Err(format!("`@every` needs a duration of at least {}", crate::duration::format(SHORTEST)));
        }
        return Ok(Schedule::Every(interval));
    }
    let fields = match name {
        "yearly" | "annually" => "0 0 0 1 1 *",
        "monthly" => "0 0 0 1 * *",
        "weekly" => "0 0 0 * * 0",
        "daily" | "midnight" => "0 0 0 * * *",
        "hourly" => "0 0 * * * *",
        other => {
            return Err(format!(
                "`@{other}` is none of @every, @hourly, @daily, @midnight, @weekly, @monthly, @yearly and @annually"
            ));
        }
    };
    let Schedule::Cron(mut expression) = Schedule::parse(fields)? else { return Err("no fields".to_owned()) };
    expression.zone = zone;
    Ok(Schedule::Cron(expression))
}

impl Field {
    /// The values of a list of ranges.
    fn read(&self, text: &str) -> Result<u64, String> {
        let mut bits = 0;
        for range in text.split(',').filter(|range| !range.is_empty()) {
            bits |= self.range(range).map_err(|why| format!("field {} has `{range}`: {why}", self.name))?;
        }
        if bits == 0 {
            return Err(format!("field {} has no values", self.name));
        }
        Ok(bits)
    }

    fn range(&self, text: &str) -> Result<u64, String> {
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some(number(step)?)),
            None => (text, None),
        };
        let is_star = matches!(range, "*" | "?");
        let (first, last) = match range.split_once('-') {
            _ if is_star => (self.least, self.most),
            Some((first, last)) => (self.value(first)?, self.value(last)?),
            // A step after a single value goes on to the end.
            None if step.is_some() => (self.value(range)?, self.most),
            None => (self.value(range)?, self.value(range)?),
        };
        if first < self.least || last > self.most {
            return Err(format!("values are {} to {}", self.least, self.most));
        }
        if first > last {
            return Err("the range ends before it begins".to_owned());
        }
        let step = step.unwrap_or(1);
        if step == 0 {
            return Err("a step must be 1 or more".to_owned());
        }
        let values = (first..=last).step_by(step as usize).fold(0, |bits, value| bits | 1 << value);
        Ok(if is_star && step == 1 { values | STAR } else { values })
    }

    fn value(&self, text: &str) -> Result<u32, String> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        match named.and_then(|index| u32::try_from(index).ok()) {
            Some(index) => Ok(index + self.least),
            None => number(text),
        }
    }
}

fn number(text: &str) -> Result<u32, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let value = text.parse().ok().filter(|_| digits);
    value.ok_or_else(|| format!("`{text}` is no number"))
}

fn has(bits: u64, value: i8) -> bool {
    u32::try_from(value).is_ok_and(|value| bits & 1 << value != 0)
}

impl Expression {
    fn next_after(&self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut at = now.to_zoned(zone.clone());
        let last = at.year().checked_add(HORIZON_YEARS)?;
        at = cut(&at, Unit::Second)?.checked_add(SignedDuration::from_secs(1)).ok()?;
        // Every step goes to the first moment of the next value of the largest field that does not fit.
        while at.year() <= last {
            at = if !has(self.months, at.month()) {
                let day = at.date().first_of_month().checked_add(jiff::Span::new().months(1)).ok()?;
                day.to_zoned(zone.clone()).ok()?
            } else if !self.has_day(&at) {
                at.date().tomorrow().ok()?.to_zoned(zone.clone()).ok()?
            } else if !has(self.hours, at.hour()) {
                cut(&at, Unit::Hour)?.checked_add(SignedDuration::from_hours(1)).ok()?
            } else if !has(self.minutes, at.minute()) {
                cut(&at, Unit::Minute)?.checked_add(SignedDuration::from_mins(1)).ok()?
            } else if !has(self.seconds, at.second()) {
                at.checked_add(SignedDuration::from_secs(1)).ok()?
            } else {
                return Some(at.timestamp());
            };
        }
        None
    }

    fn has_day(&self, at: &Zoned) -> bool {
        let weekday = match at.weekday() {
            Weekday::Sunday => 0,
            day => day.to_monday_one_offset(),
        };
        let (day, weekday) = (has(self.days, at.day()), has(self.weekdays, weekday));
        if (self.days | self.weekdays) & STAR != 0 { day && weekday } else { day || weekday }
    }
}

fn cut(at: &Zoned, unit: Unit) -> Option<Zoned> {
    at.round(ZonedRound::new().smallest(unit).mode(jiff::RoundMode::Trunc)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(text: &str, now: &str) -> String {
        let schedule = Schedule::parse(text).unwrap();
        let now: Zoned = now.parse().unwrap();
        let next = schedule.next_after(now.timestamp(), now.time_zone());
        next.map_or("never".to_owned(), |next| next.to_zoned(now.time_zone().clone()).datetime().to_string())
    }

    #[test]
    fn the_next_time_is_the_first_that_fits() {
        for (text, now, then) in [
            ("* * * * *", "2026-01-01T00:00:30[UTC]", "2026-01-01T00:01:00"),
            ("* * * * * *", "2026-01-01T00:00:30.5[UTC]", "2026-01-01T00:00:31"),
            ("15 * * * * *", "2026-01-01T00:00:15[UTC]", "2026-01-01T00:01:15"),
            ("0 30 * * * *", "2026-12-31T23:45:00[UTC]", "2027-01-01T00:30:00"),
            ("*/15 8-10 * * mon-fri", "2026-01-02T10:45:00[UTC]", "2026-01-05T08:00:00"),
            ("0 5/20 * * * *", "2026-01-01T00:26:00[UTC]", "2026-01-01T00:45:00"),
            ("0 0 29 2 *", "2026-01-01T00:00:00[UTC]", "2028-02-29T00:00:00"),
            ("0 0 30 feb *", "2026-01-01T00:00:00[UTC]", "never"),
            // Either day, since neither is a star; both, since one is.
            ("0 0 13 * 5", "2026-01-01T00:00:00[UTC]", "2026-01-02T00:00:00"),
            ("0 0 13 * ?", "2026-01-01T00:00:00[UTC]", "2026-01-13T00:00:00"),
            ("@hourly", "2026-01-01T00:00:00[UTC]", "2026-01-01T01:00:00"),
            ("@weekly", "2026-01-01T00:00:00[UTC]", "2026-01-04T00:00:00"),
            ("@every 90s", "2026-01-01T00:00:00[UTC]", "2026-01-01T00:01:30"),
            ("@every 300ms", "2026-01-01T00:00:00[UTC]", "2026-01-01T00:00:00.3"),
            ("TZ=Asia/Tokyo 0 9 * * *", "2026-01-01T00:00:00[UTC]", "2026-01-02T00:00:00"),
        ] {
            assert_eq!(next(text, now), then, "{text} after {now}");
        }
    }

    #[test]
    fn an_hour_that_is_skipped_has_no_times_and_one_that_comes_twice_has_them_twice() {
        assert_eq!(next("30 2 * * *", "2026-03-29T00:00:00[Europe/Berlin]"), "2026-03-30T02:30:00");
        assert_eq!(next("30 2 * * *", "2026-10-25T02:30:00+02[Europe/Berlin]"), "2026-10-25T02:30:00");
        assert_eq!(next("30 2 * * *", "2026-10-25T02:30:00+01[Europe/Berlin]"), "2026-10-26T02:30:00");
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, why) in [
            ("", "expected 5 to 6 fields, or @every and the like; found 0"),
            ("* * * *", "expected 5 to 6 fields, or @every and the like; found 4"),
            ("60 * * * *", "field minute has `60`: values are 0 to 59"),
            ("* * * * 7", "field day of week has `7`: values are 0 to 6"),
            ("* * 5-3 * *", "field day of month has `5-3`: the range ends before it begins"),
            ("*/0 * * * *", "field minute has `*/0`: a step must be 1 or more"),
            ("x * * * *", "field minute has `x`: `x` is no number"),
            ("* , * * *", "field hour has no values"),
            ("@every 0s", "`@every` needs a duration of at least 1ms"),
            ("TZ=Nowhere/Here * * * * *", "`Nowhere/Here` is no time zone of this machine"),
        ] {
            assert_eq!(Schedule::parse(text).unwrap_err(), why, "{text}");
        }
        assert!(Schedule::parse("@fortnightly").unwrap_err().starts_with("`@fortnightly` is none of @every"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_and_the_next_time_is_later(text in "[-0-9*/?,a-z@ =]{0,30}", seconds in 0_i64..4_000_000_000) {
            if let Ok(schedule) = Schedule::parse(&text) {
                let now = Timestamp::from_second(seconds).unwrap();
                if let Some(next) = schedule.next_after(now, &TimeZone::UTC) {
                    proptest::prop_assert!(next > now);
                }
            }
        }
    }
}

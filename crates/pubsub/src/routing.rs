//! Routing rules of a subscription: which path an event goes to.
//!
//! A rule's condition is CEL over one variable, `event`. Conditions are read when a subscription is loaded; a wrong one
//! is refused there, with its position.

mod expression;
mod place;
mod value;

use dapr_resources::subscription::{Routes as Given, Rule as GivenRule};

pub(crate) use place::Place;
pub(crate) use value::EventValue;

use expression::Expression;

/// The rules of a subscription, in order.
#[derive(Debug)]
pub(crate) struct Routes(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    /// None matches every event.
    condition: Option<Expression>,
    place: Place,
}

/// Where an event goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    /// There.
    To(&'a Place),
    /// Nowhere: no rule matches.
    Nowhere,
}

impl Routes {
    /// Reads the rules; the default is the last of them.
    ///
    /// # Errors
    /// A condition is no CEL; the text names the rule and the position.
    pub(crate) fn compile(given: &Given) -> Result<Self, String> {
        let compile = |(index, rule): (usize, &GivenRule)| {
            let condition = match rule.condition.trim() {
                "" => None,
                text => Some(Expression::compile(text).map_err(|why| format!("routes.rules[{index}].match: {why}"))?),
            };
            Ok(Rule { condition, place: Place::new(&rule.path) })
        };
        let mut rules = given.rules.iter().enumerate().map(compile).collect::<Result<Vec<_>, String>>()?;
        if !given.default.is_empty() {
            rules.push(Rule { condition: None, place: Place::new(&given.default) });
        }
        Ok(Self(rules))
    }

    /// The first rule that matches. `event` is asked for once, and only if a condition needs it.
    ///
    /// # Errors
    /// A condition before the first match cannot be evaluated, or does not yield true or false.
    pub(crate) fn find(&self, event: impl FnOnce() -> Result<EventValue, String>) -> Result<Route<'_>, String> {
        let (mut event, mut value) = (Some(event), None);
        for rule in &self.0 {
            let Some(condition) = &rule.condition else { return Ok(Route::To(&rule.place)) };
            if let Some(event) = event.take() {
                value = Some(event()?);
            }
            if let Some(value) = &value
                && condition.matches(value)?
            {
                return Ok(Route::To(&rule.place));
            }
        }
        Ok(Route::Nowhere)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(rules: &[(&str, &str)], default: &str) -> Result<Routes, String> {
        let rule =
            |(condition, path): &(&str, &str)| GivenRule { condition: (*condition).into(), path: (*path).into() };
        Routes::compile(&Given { rules: rules.iter().map(rule).collect(), default: default.into() })
    }

    fn find(routes: &Routes, event: &str) -> Result<String, String> {
        let route = routes.find(|| EventValue::from_json(event.as_bytes()))?;
        Ok(match route {
            Route::To(place) => place.path.clone(),
            Route::Nowhere => "nowhere".to_owned(),
        })
    }

    #[test]
    fn the_first_match_wins_and_the_default_is_last() {
        let routes = routes(
            &[
                (r#"event.type == "widget" && event.data.price > 10"#, "/dear"),
                (r#"event.type == "widget""#, "/widgets"),
                (r#"has(event.data.vip) && event.data.vip"#, "/vip"),
                (r#"event["traceid"] == "t""#, "/traced"),
            ],
            "/rest",
        )
        .unwrap();
        for (event, path) in [
            (r#"{"type":"widget","data":{"price":11}}"#, "/dear"),
            (r#"{"type":"widget","data":{"price":10.5}}"#, "/dear"),
            (r#"{"type":"widget","data":{"price":10}}"#, "/widgets"),
            (r#"{"type":"x","data":{"vip":true},"traceid":"t"}"#, "/vip"),
            (r#"{"type":"x","data":{},"traceid":"t"}"#, "/traced"),
            (r#"{"type":"x","data":{},"traceid":"u"}"#, "/rest"),
        ] {
            assert_eq!(find(&routes, event).unwrap(), path, "{event}");
        }
    }

    #[test]
    fn without_conditions_the_event_is_not_read() {
        let routes = routes(&[], "/all").unwrap();
        assert_eq!(routes.find(|| panic!("not asked")).unwrap(), Route::To(&Place::new("/all")));
        assert_eq!(self::routes(&[("  ", "/first"), ("event.x", "/second")], "").unwrap().0.len(), 2);
        let none = self::routes(&[], "").unwrap();
        assert_eq!(none.find(|| panic!("not asked")).unwrap(), Route::Nowhere);
    }

    #[test]
    fn no_match_is_nowhere_and_what_cannot_be_evaluated_is_an_error() {
        let routes = routes(&[("event.data.a == 1", "/one")], "").unwrap();
        assert_eq!(find(&routes, r#"{"data":{"a":1}}"#).unwrap(), "/one");
        assert_eq!(find(&routes, r#"{"data":{"a":1.0}}"#).unwrap(), "/one");
        assert_eq!(find(&routes, r#"{"data":{"a":"1"}}"#).unwrap(), "nowhere");
        for broken in ["{}", r#"{"data":{}}"#, r#"{"data":"text"}"#] {
            assert!(find(&routes, broken).is_err(), "{broken}");
        }
        let number = self::routes(&[("event.a", "/x")], "/y").unwrap();
        assert!(find(&number, r#"{"a":1}"#).unwrap_err().contains("true or false"));
        let typo = self::routes(&[("evnt.a == 1", "/x")], "/y").unwrap();
        assert!(find(&typo, r#"{"a":1}"#).is_err());
    }

    #[test]
    fn a_wrong_condition_is_refused_with_its_place() {
        let error = routes(&[("event.a == 1", "/x"), ("event.a ==", "/y")], "").unwrap_err();
        assert!(error.starts_with("routes.rules[1].match: ") && error.contains("event.a =="), "{error}");
        assert!(error.contains("1:"), "line and column: {error}");
    }
}

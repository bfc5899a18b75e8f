//! `spec.metric.rules`: rewrites label values by regular expression before they become a series.

use std::borrow::Cow;
use std::collections::HashMap;

use regex::Regex;

use super::config::MetricRule;
use super::registry::MetricsError;

/// All rules of a runtime, by metric and label.
#[derive(Default)]
pub(super) struct Rules(HashMap<(String, String), Vec<Rewrite>>);

/// One pattern and what replaces its matches.
#[derive(Clone)]
pub(super) struct Rewrite {
    pattern: Regex,
    replacement: String,
}

impl Rules {
    pub(super) fn compile(rules: &[MetricRule]) -> Result<Self, MetricsError> {
        let mut compiled = HashMap::new();
        for rule in rules {
            let metric = canonical(rule.name.strip_prefix("dapr_").unwrap_or(&rule.name));
            for label in &rule.labels {
                let rewrites = label.regex.iter().map(|(replacement, pattern)| {
                    let compiled = Regex::new(pattern).map_err(|source| MetricsError::Regex {
                        metric: rule.name.clone(),
                        label: label.name.clone(),
                        source: Box::new(source),
                    })?;
                    Ok(Rewrite { pattern: compiled, replacement: replacement.clone() })
                });
                let rewrites = rewrites.collect::<Result<Vec<_>, MetricsError>>()?;
                compiled.insert((metric.clone(), label.name.clone()), rewrites);
            }
        }
        Ok(Rules(compiled))
    }

    /// The rewrites of `label` in the metric `stat`, such as `http/server/latency`.
    pub(super) fn of(&self, stat: &str, label: &str) -> Vec<Rewrite> {
        self.0.get(&(canonical(stat), label.to_owned())).cloned().unwrap_or_default()
    }
}

/// Users write the exported name, whose `_` may stand for any of the three.
fn canonical(name: &str) -> String {
    name.replace(['_', '.'], "/")
}

/// Empty values stay empty: an absent label is not rewritten.
pub(super) fn apply<'v>(rewrites: &[Rewrite], value: &'v str) -> Cow<'v, str> {
    let mut value = Cow::Borrowed(value);
    if value.is_empty() {
        return value;
    }
    for rewrite in rewrites {
        if let Cow::Owned(new) = rewrite.pattern.replace_all(&value, rewrite.replacement.as_str()) {
            value = Cow::Owned(new);
        }
    }
    value
}

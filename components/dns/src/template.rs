//! The part of Go's text/template that an address needs: fields of the question, trim markers, comments.

use dapr_spi::name_resolver::Query;

/// A template that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Id,
    Namespace,
    Port,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// What cannot be understood, and what can.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        let mut trim = false;
        loop {
            let (mut before, action) = match rest.split_once("{{") {
                Some((before, action)) => (before, Some(action)),
                None => (rest, None),
            };
            if trim {
                before = before.trim_start();
            }
            let Some(action) = action else {
                push_text(&mut parts, before);
                return Ok(Self(parts));
            };
            let (trims_before, action) = match action.strip_prefix('-') {
                Some(inner) if inner.starts_with(char::is_whitespace) => (true, inner),
                _ => (false, action),
            };
            push_text(&mut parts, if trims_before { before.trim_end() } else { before });
            let end = end_of(action).ok_or_else(|| format!("`{{{{{action}` has no `}}}}`"))?;
            let inner = &action[..end];
            rest = &action[end + 2..];
            let inner = match inner.strip_suffix('-') {
                Some(inner) if inner.ends_with(char::is_whitespace) => {
                    trim = true;
                    inner
                }
                _ => {
                    trim = false;
                    inner
                }
            };
            parts.extend(part_of(inner.trim())?);
        }
    }

    pub(crate) fn render(&self, query: &Query) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Id => query.app_id.clone(),
            Part::Namespace => query.namespace.clone(),
            Part::Port => query.port.to_string(),
        };
        self.0.iter().map(part).collect()
    }
}

/// Where the action ends; a comment may hold braces.
fn end_of(action: &str) -> Option<usize> {
    let comment = action.trim_start().starts_with("/*");
    let from = if comment { action.find("*/")? } else { 0 };
    action[from..].find("}}").map(|end| from + end)
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Text(text.to_owned()));
    }
}

fn part_of(action: &str) -> Result<Option<Part>, String> {
    match action {
        ".ID" => Ok(Some(Part::Id)),
        ".Namespace" => Ok(Some(Part::Namespace)),
        ".Port" => Ok(Some(Part::Port)),
        comment if comment.starts_with("/*") && comment.ends_with("*/") => Ok(None),
        other => Err(format!(
            "`{{{{{other}}}}}` is not supported; `{{{{.ID}}}}`, `{{{{.Namespace}}}}` and `{{{{.Port}}}}` are"
        )),
    }
}

//! From parser events to a tree: anchors, merge keys, equal keys, and the limits.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use base64::Engine;
use granit_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput, Tag};

use super::node::{Content, Entry, Mapping, Node, Scalar};
use super::{Dialect, MAX_DEPTH, MAX_NODES, quotes};
use crate::{Position, Problem};

/// Reads the first document of a text whose first line is `first_line` of `file`. `None` when
/// the document is empty.
///
/// # Errors
/// What stops the text from being a YAML document within the limits.
pub fn parse(text: &str, file: &Arc<Path>, first_line: u32, dialect: Dialect) -> Result<Option<Node>, Problem> {
    let compose = |source: &str| {
        let parser = Parser::new_from_str_with_options(source, options());
        Composer { source, parser, file, first_line, dialect, anchors: HashMap::new(), nodes: 0 }.document()
    };
    let mut read = compose(text);
    let mut repaired = Cow::Borrowed(text);
    for _ in 0..repairs(text) {
        let Some(problem) = read.as_ref().err() else { break };
        let line = problem.position.as_ref().map_or(0, |position| position.line.saturating_sub(first_line)) as usize;
        let may_repair = problem.message.ends_with(UNINDENTED)
            || (problem.message.ends_with(TABBED) && quotes::is_inside(&repaired, line));
        if !may_repair {
            break;
        }
        repaired = Cow::Owned(indented(&repaired, line));
        read = compose(&repaired);
    }
    read
}

/// How the parser's message ends for a quoted text that goes on at the left edge, as pasted
/// JSON keys do. The incumbent's parser lets that pass, and since leading space of such a line
/// means nothing, indenting the line is a repair that changes no value.
const UNINDENTED: &str = "invalid indentation in multiline quoted scalar";

/// The same for a line that begins with tabs. Outside of quotes that is an error to the incumbent's parser, too.
const TABBED: &str = "tab cannot be used as indentation";

/// How many lines to repair: a key's worth, fewer in large files, since each costs a reading.
fn repairs(text: &str) -> usize {
    ((16 << 20) / text.len().max(1)).min(256)
}

fn indented(text: &str, line: usize) -> String {
    let edit = |(index, line_text): (usize, &str)| {
        if index != line {
            return line_text.to_owned();
        }
        format!("{:256}{}", "", line_text.trim_start_matches(['\t', ' ']))
    };
    text.split_inclusive('\n').enumerate().map(edit).collect()
}

fn options() -> granit_parser::Options {
    let mut options = granit_parser::Options::default();
    options.set_emit_comments(false);
    options
}

struct Composer<'t> {
    source: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    file: &'t Arc<Path>,
    first_line: u32,
    dialect: Dialect,
    anchors: HashMap<usize, Arc<Node>>,
    nodes: usize,
}

impl<'t> Composer<'t> {
    fn document(&mut self) -> Result<Option<Node>, Problem> {
        loop {
            match self.next()? {
                Some((Event::StreamStart | Event::DocumentStart(..), _)) => {}
                Some((Event::StreamEnd | Event::DocumentEnd, _)) | None => return Ok(None),
                Some((event, span)) => {
                    let node = self.node(event, span, 1)?;
                    let empty = matches!(&node.content, Content::Scalar(s) if s.plain && s.text.is_empty());
                    // Reading on finds what is wrong behind the root value.
                    while !matches!(self.next()?, Some((Event::DocumentEnd | Event::StreamEnd, _)) | None) {}
                    return Ok((!empty).then(|| Arc::unwrap_or_clone(node)));
                }
            }
        }
    }

    fn next(&mut self) -> Result<Option<(Event<'t>, Span)>, Problem> {
        self.parser.next().transpose().map_err(|error| {
            Problem::error(Some(self.position(error.marker())), "", format!("this is not YAML: {}", error.info()))
        })
    }

    fn position(&self, marker: &Marker) -> Position {
        let line = u32::try_from(marker.line().saturating_sub(1)).unwrap_or(u32::MAX);
        let column = u32::try_from(marker.col()).unwrap_or(u32::MAX);
        Position {
            file: Arc::clone(self.file),
            line: line.saturating_add(self.first_line),
            column: column.saturating_add(1),
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Arc<Node>, Problem> {
        let position = self.position(&span.start);
        if depth > MAX_DEPTH {
            return Err(Problem::error(
                Some(position),
                "",
                format!("lists and mappings are nested deeper than {MAX_DEPTH} levels"),
            ));
        }
        let (anchor, content) = match event {
            Event::Alias(id) => return self.alias(id, position, depth),
            Event::Scalar(text, style, anchor, tag) => {
                let text = self.without_a_newline_that_is_not_there(text.into_owned(), style, &span);
                let scalar = scalar_of(text, style, tag.as_deref());
                (
                    anchor,
                    Content::Scalar(scalar.map_err(|message| Problem::error(Some(position.clone()), "", message))?),
                )
            }
            Event::SequenceStart(_, anchor, _) => (anchor, Content::Sequence(self.sequence(depth)?)),
            Event::MappingStart(_, anchor, _) => (anchor, Content::Mapping(self.mapping(depth)?)),
            other => return Err(Problem::error(Some(position), "", format!("this is not YAML: unexpected {other:?}"))),
        };
        self.count(1, &position)?;
        let node = Arc::new(measured(position, content));
        if anchor != 0 {
            self.anchors.insert(anchor, Arc::clone(&node));
        }
        Ok(node)
    }

    /// The parser ends a block scalar (`|`, `>`) with a newline even when the text ends without
    /// one; the incumbent's does not. A PEM at the end of a file shows the difference.
    fn without_a_newline_that_is_not_there(&self, mut text: String, style: ScalarStyle, span: &Span) -> String {
        let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        let at_the_end = || span.end.byte_offset() == Some(self.source.len());
        // Looked at last, since it reads the whole line.
        let ends_in_a_line = || self.source.rsplit('\n').next().is_some_and(|line| !line.trim().is_empty());
        if block && text.ends_with('\n') && at_the_end() && ends_in_a_line() {
            text.pop();
        }
        text
    }

    fn alias(&mut self, id: usize, position: Position, depth: usize) -> Result<Arc<Node>, Problem> {
        let Some(node) = self.anchors.get(&id).cloned() else {
            return Err(Problem::error(Some(position), "", "the alias refers to something that contains it"));
        };
        if depth + node.height > MAX_DEPTH + 1 {
            return Err(Problem::error(
                Some(position),
                "",
                format!("lists and mappings are nested deeper than {MAX_DEPTH} levels"),
            ));
        }
        self.count(node.size, &position)?;
        Ok(node)
    }

    /// Counts what an alias stands for as often as it is used, so that a few lines cannot stand
    /// for millions of values.
    fn count(&mut self, nodes: usize, position: &Position) -> Result<(), Problem> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES {
            return Err(Problem::error(
                Some(position.clone()),
                "",
                format!("the document has more than {MAX_NODES} values, counting what each alias stands for"),
            ));
        }
        Ok(())
    }

    fn sequence(&mut self, depth: usize) -> Result<Vec<Arc<Node>>, Problem> {
        let mut items = Vec::new();
        while let Some((event, span)) = self.next()? {
            if matches!(event, Event::SequenceEnd) {
                break;
            }
            items.push(self.node(event, span, depth + 1)?);
        }
        Ok(items)
    }

    fn mapping(&mut self, depth: usize) -> Result<Mapping, Problem> {
        let mut mapping = Mapping::default();
        let mut index = HashMap::new();
        let mut merges = Vec::new();
        while let Some((event, span)) = self.next()? {
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let key = self.node(event, span, depth + 1)?;
            let Some((event, span)) = self.next()? else { break };
            let value = self.node(event, span, depth + 1)?;
            match &key.content {
                Content::Scalar(Scalar { text, plain: true }) if text == "<<" => merges.push(value),
                Content::Scalar(written) => self.insert(&mut mapping, &mut index, written, &key.position, value)?,
                _ => {
                    return Err(Problem::error(
                        Some(key.position()),
                        "",
                        "a key must be a text, not a list or a mapping",
                    ));
                }
            }
        }
        for merge in merges {
            self.merge(&mut mapping, &mut index, &merge)?;
        }
        Ok(mapping)
    }

    fn insert(
        &self,
        mapping: &mut Mapping,
        index: &mut HashMap<String, usize>,
        written: &Scalar,
        at: &Position,
        value: Arc<Node>,
    ) -> Result<(), Problem> {
        // As written: the incumbent turns the keys `on` and `1.0` into `true` and `1`, which nobody means.
        let key = written.text.clone();
        let entry = Entry { key: key.clone(), key_position: at.clone(), value };
        let Some(&known) = index.get(&key) else {
            index.insert(key, mapping.entries.len());
            mapping.entries.push(entry);
            return Ok(());
        };
        if self.dialect == Dialect::Configuration {
            let first = mapping.entries[known].key_position.line;
            return Err(Problem::error(
                Some(at.clone()),
                key.as_str(),
                format!("the key `{key}` is already given in line {first}"),
            ));
        }
        mapping.entries[known] = entry;
        mapping.repeated.push((key, at.clone()));
        Ok(())
    }

    /// Takes over the entries of a `<<` value that the mapping does not have itself.
    fn merge(&mut self, mapping: &mut Mapping, index: &mut HashMap<String, usize>, from: &Node) -> Result<(), Problem> {
        match &from.content {
            Content::Mapping(other) => {
                for entry in &other.entries {
                    if !index.contains_key(&entry.key) {
                        self.count(entry.value.size + 1, &from.position)?;
                        index.insert(entry.key.clone(), mapping.entries.len());
                        mapping.entries.push(entry.clone());
                    }
                }
                Ok(())
            }
            Content::Sequence(items) => {
                for item in items {
                    if !matches!(item.content, Content::Mapping(_)) {
                        return Err(Problem::error(Some(item.position()), "<<", "expected a mapping to merge"));
                    }
                    self.merge(mapping, index, item)?;
                }
                Ok(())
            }
            Content::Scalar(_) => {
                Err(Problem::error(Some(from.position()), "<<", "expected a mapping, or a list of mappings, to merge"))
            }
        }
    }
}

fn measured(position: Position, content: Content) -> Node {
    let sum = |nodes: &mut dyn Iterator<Item = &Arc<Node>>| {
        nodes.fold((1usize, 1usize), |(size, height), node| {
            (size.saturating_add(node.size), height.max(node.height + 1))
        })
    };
    let (size, height) = match &content {
        Content::Scalar(_) => (1, 1),
        Content::Sequence(items) => sum(&mut items.iter()),
        Content::Mapping(mapping) => sum(&mut mapping.entries.iter().map(|entry| &entry.value)),
    };
    Node { position, content, size, height }
}

/// A tag decides whether the text may be a number or a word with a meaning; without one, the
/// quotes do. Tags that YAML does not define make a text, as in the incumbent.
fn scalar_of(text: String, style: ScalarStyle, tag: Option<&Tag>) -> Result<Scalar, String> {
    let core = tag.filter(|tag| tag.handle() == "tag:yaml.org,2002:").map(Tag::suffix);
    let plain = match core {
        Some("binary") => return Ok(Scalar { text: from_base64(&text)?, plain: false }),
        Some(suffix) => matches!(suffix, "null" | "bool" | "int" | "float"),
        None => tag.is_none() && matches!(style, ScalarStyle::Plain),
    };
    Ok(Scalar { text, plain })
}

fn from_base64(text: &str) -> Result<String, String> {
    let compact: String = text.split_ascii_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(compact)
        .map_err(|error| format!("expected base64 after !!binary: {error}"))?;
    String::from_utf8(bytes).map_err(|_| "the bytes of a !!binary value must be UTF-8 here".to_owned())
}

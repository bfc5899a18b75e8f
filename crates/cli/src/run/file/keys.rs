//! Keys of a run file that nothing reads, with the name that was probably meant.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_saphyr::Spanned;

use super::entry;
use super::problem::Problem;

/// The keys of the file itself.
const TOP: &[&str] = &["version", "name", "common", "apps"];

type Block = BTreeMap<String, Spanned<IgnoredAny>>;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Blocks {
    common: Option<Block>,
    apps: Option<Vec<Block>>,
}

/// One problem for every key that nothing reads. They are no errors: newer tools may know more.
pub(super) fn unknown(text: &str) -> Vec<Problem> {
    let top: Block = serde_saphyr::from_str(text).unwrap_or_default();
    let blocks: Blocks = serde_saphyr::from_str(text).unwrap_or_default();
    let apps = blocks.apps.into_iter().flatten().enumerate();
    let mut problems = doubts("", &top, TOP);
    problems.extend(blocks.common.iter().flat_map(|block| doubts("common.", block, entry::KEYS)));
    problems.extend(apps.flat_map(|(index, block)| doubts(&format!("apps[{index}]."), &block, entry::KEYS)));
    problems
}

fn doubts(prefix: &str, block: &Block, known: &'static [&'static str]) -> Vec<Problem> {
    let strange = block.iter().filter(|(key, _)| !known.contains(&key.as_str()));
    strange.map(|(key, value)| Problem::at(value, format!("{prefix}{key}"), doubt(key, known))).collect()
}

fn doubt(key: &str, known: &'static [&'static str]) -> String {
    match dapr_kit::suggest::nearest(key, known.iter().copied()) {
        Some(near) => format!("this field is unknown and ignored; did you mean `{near}`?"),
        None => "this field is unknown and ignored".to_owned(),
    }
}

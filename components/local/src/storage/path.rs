//! From the name that a call gives to a path below the root.

use std::path::{Component, Path, PathBuf};

/// The name as a relative path without dots: what would lead above the root ends at the root.
pub(super) fn relative(name: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for component in Path::new(name).components() {
        match component {
            Component::Normal(part) => path.push(part),
            Component::ParentDir => drop(path.pop()),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_never_lead_above_the_root() {
        for (name, path) in
            [("a/b", "a/b"), ("/a//./b/", "a/b"), ("../../a", "a"), ("a/../../b", "b"), ("..", ""), ("", "")]
        {
            assert_eq!(relative(name), Path::new(path), "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_name_is_a_plain_relative_path(name in "[./a\\\\ ]{0,20}") {
            let all_normal = relative(&name).components().all(|component| matches!(component, Component::Normal(_)));
            proptest::prop_assert!(all_normal);
        }
    }
}

//! A function has at most 100 lines, signature included, comments above it not.

use anyhow::{Context, Result};
use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, Ident, ImplItemFn, ItemFn, Signature, TraitItemFn};

use super::tree::Tree;

const LINES: usize = 100;

/// Functions that are longer, as `path` and name. The list shrinks: nothing is added to it.
const LONGER: &[(&str, &str)] = &[];

pub(super) fn check(tree: &Tree) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut excused = Vec::new();
    for file in tree.rust() {
        for long in longer_than(LINES, &file.text).with_context(|| format!("parse {}", file.path))? {
            if LONGER.contains(&(file.path.as_str(), long.name.as_str())) {
                excused.push((file.path.as_str(), long.name));
                continue;
            }
            found.push(format!(
                "{}:{}: `{}` has {} lines, at most {LINES}: give its steps names of their own",
                file.path, long.line, long.name, long.lines
            ));
        }
    }
    for (path, name) in LONGER {
        if !excused.iter().any(|(known, function)| known == path && function == name) {
            found.push(format!("{path}: `{name}` is short now: take it off the list in xtask/src/tidy/functions.rs"));
        }
    }
    Ok(found)
}

struct Long {
    name: String,
    line: usize,
    lines: usize,
}

fn longer_than(limit: usize, text: &str) -> syn::Result<Vec<Long>> {
    let mut functions = Functions { limit, found: Vec::new() };
    functions.visit_file(&syn::parse_file(text)?);
    Ok(functions.found)
}

struct Functions {
    limit: usize,
    found: Vec<Long>,
}

impl Functions {
    fn measure(&mut self, name: &Ident, signature: &Signature, block: &Block) {
        let last_line = |span: Span| span.end().line;
        let line = signature.span().start().line;
        let lines = last_line(block.span()) + 1 - line;
        if lines > self.limit {
            self.found.push(Long { name: name.to_string(), line, lines });
        }
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.measure(&function.sig.ident, &function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.measure(&function.sig.ident, &function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        if let Some(block) = &function.default {
            self.measure(&function.sig.ident, &function.sig, block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_from_the_signature_to_the_brace() {
        let text = "/// Doc.\nfn short() {\n}\nimpl A {\n    fn long(\n        a: u8,\n    ) {\n    }\n}\n";
        let long = longer_than(3, text).unwrap();
        assert_eq!(long.len(), 1);
        assert_eq!((long[0].name.as_str(), long[0].line, long[0].lines), ("long", 5, 4));
    }
}

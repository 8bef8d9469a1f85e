//! What `rustfmt` and clippy leave open, and the house does not: read from the syntax tree of each file.

use anyhow::{Context, Result, bail};
use proc_macro2::Span;
use syn::{
    Attribute, Expr, File, ImplItem, ItemImpl, ItemMod, ItemTrait, Local, Pat, TraitItem, Type,
    spanned::Spanned,
    visit::{self, Visit},
};

use crate::command::{output, program};

/// A file of production code that is longer is asking to be two.
const LONGEST: usize = 360;

/// Reads every file under version control; fails with each place that offends.
pub fn check() -> Result<()> {
    let files = output(program("git").args(["ls-files", "-z", "--", "*.rs"]))?;
    let mut found = Vec::new();
    for path in files.split('\0').filter(|path| !path.is_empty()) {
        // A file that is deleted but not yet committed has no lines.
        let Ok(text) = std::fs::read_to_string(path) else { continue };
        let offences = offences(path, &text).with_context(|| format!("cannot read {path} as Rust"))?;
        found.extend(offences.into_iter().map(|(line, what)| format!("  {path}:{line}: {what}")));
    }
    if !found.is_empty() {
        bail!("the house's style (CONTRIBUTING.md):\n{}", found.join("\n"));
    }
    Ok(())
}

fn offences(path: &str, text: &str) -> Result<Vec<(usize, String)>> {
    let file: File = syn::parse_file(text)?;
    let mut reader = Reader { lines: text.lines().collect(), found: Vec::new(), in_tests: 0 };
    reader.visit_file(&file);
    let lines = reader.lines.len() - reader.in_tests;
    if is_production(path) && lines > LONGEST {
        reader.found.push((1, format!("{lines} lines without its tests; at most {LONGEST}")));
    }
    Ok(reader.found)
}

/// Whether the file is part of the program: neither tests nor what they stand on.
fn is_production(path: &str) -> bool {
    path.contains("/src/")
        && !path.ends_with("/tests.rs")
        && !["/tests/", "/testing/", "/examples/"].iter().any(|folder| path.contains(folder))
}

struct Reader<'a> {
    lines: Vec<&'a str>,
    found: Vec<(usize, String)>,
    /// Lines of test modules.
    in_tests: usize,
}

impl Reader<'_> {
    /// Methods stand apart: an empty line before each but the first.
    fn apart(&mut self, before: Option<Span>, method: Span) {
        let Some(before) = before else { return };
        let lines = before.end().line..method.start().line.saturating_sub(1);
        let is_apart =
            self.lines.get(lines).is_some_and(|lines| lines.iter().any(|line| line.trim().is_empty()));
        if !is_apart {
            self.found.push((method.start().line, "no empty line before this method".to_owned()));
        }
    }

    fn modules(&mut self, attributes: &[Attribute], span: Span) {
        let is_test = |one: &Attribute| {
            one.path().is_ident("cfg")
                && one.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
        };
        if attributes.iter().any(is_test) {
            self.in_tests += span.end().line - span.start().line + 1;
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let mut before = None;
        for one in &item.items {
            if matches!(one, ImplItem::Fn(_)) {
                self.apart(before, one.span());
            }
            before = Some(one.span());
        }
        visit::visit_item_impl(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        let mut before = None;
        for one in &item.items {
            if matches!(one, TraitItem::Fn(_)) {
                self.apart(before, one.span());
            }
            before = Some(one.span());
        }
        visit::visit_item_trait(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.modules(&item.attrs, item.span());
        visit::visit_item_mod(self, item);
    }

    fn visit_local(&mut self, local: &'ast Local) {
        let pattern = match &local.pat {
            Pat::Type(typed) if matches!(*typed.ty, Type::Tuple(_)) => &*typed.pat,
            other => other,
        };
        let is_tuple = |init: &syn::LocalInit| init.diverge.is_none() && matches!(*init.expr, Expr::Tuple(_));
        if matches!(pattern, Pat::Tuple(_)) && local.init.as_ref().is_some_and(is_tuple) {
            self.found
                .push((local.span().start().line, "one `let` for each, not one for a tuple".to_owned()));
        }
        visit::visit_local(self, local);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        offences(path, text).unwrap().into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn methods_stand_apart() {
        let close = "impl A {\n    fn a() {}\n    /// About it.\n    #[inline]\n    fn b() {}\n}\n";
        assert_eq!(lines("crates/a/src/a.rs", close), [3]);
        let apart = "impl A {\n    const A: u8 = 1;\n\n    // Why.\n    fn b() {}\n\n    fn c() {}\n}\ntrait T {\n    fn d();\n}\n";
        assert_eq!(lines("crates/a/src/a.rs", apart), [0; 0]);
        assert_eq!(lines("crates/a/src/a.rs", "trait T {\n    fn d();\n    fn e();\n}\n"), [3]);
    }

    #[test]
    fn each_value_has_its_let() {
        let text = "fn a() {\n    let (a, b) = (1, 2);\n    let (c, d): (u8, u8) = (1, 2);\n    let (Some(e), 1) = (x, y) else { return };\n    let (f, g) = pair();\n    drop(\"let (a, b) = (1, 2);\");\n}\n";
        assert_eq!(lines("crates/a/tests/a.rs", text), [2, 3]);
    }

    #[test]
    fn a_long_file_is_asking_to_be_two() {
        let long = "const A: u8 = 1;\n".repeat(LONGEST + 1);
        assert_eq!(lines("crates/a/src/a.rs", &long), [1]);
        for path in ["crates/a/src/a/tests.rs", "crates/a/tests/a.rs", "crates/a/examples/a.rs"] {
            assert_eq!(lines(path, &long), [0; 0]);
        }
        let tests = format!("const A: u8 = 1;\n#[cfg(test)]\nmod tests {{\n{long}}}\n");
        assert_eq!(lines("crates/a/src/a.rs", &tests), [0; 0]);
    }
}

//! What the types of the configuration say of their fields.

use std::collections::HashMap;

use anyhow::{Context, Result, bail};
use syn::{Attribute, Expr, Fields, GenericArgument, Item, Lit, Meta, PathArguments, Type};

/// Where the types stand: `Config` is the whole, the others are found from its fields by their names.
const FILES: [&str; 8] = [
    "crates/server/src/config.rs",
    "crates/server/src/config/doors.rs",
    "crates/server/src/config/others.rs",
    "crates/key-service/src/settings.rs",
    "crates/account/src/code_limits.rs",
    "crates/eid/src/config.rs",
    "crates/notifier/src/settings.rs",
    "crates/domain/src/letter.rs",
];

/// The fields of each type, by its name.
pub struct Docs(HashMap<String, Vec<Field>>);

struct Field {
    name: String,
    /// Empty where there is none.
    doc: String,
    /// Its type without `Option` and `Vec`.
    of: String,
}

impl Docs {
    /// Reads the types.
    pub fn read() -> Result<Self> {
        let mut all = Self(HashMap::new());
        for file in FILES {
            let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?;
            all.add(&text).with_context(|| format!("cannot read {file} as Rust"))?;
        }
        Ok(all)
    }

    #[cfg(test)]
    pub fn of_text(text: &str) -> Result<Self> {
        let mut all = Self(HashMap::new());
        all.add(text)?;
        Ok(all)
    }

    /// What the key's field says, if it says something.
    pub fn of(&self, section: &str, key: &str) -> Result<Option<&str>> {
        let mut of = "Config";
        for name in section.split('.').filter(|name| !name.is_empty()) {
            of = &self.field(of, name).with_context(|| format!("there is no section {section}"))?.of;
        }
        match self.field(of, key) {
            Some(field) => Ok(Some(field.doc.as_str()).filter(|doc| !doc.is_empty())),
            None => bail!("no type has the key {section}.{key}"),
        }
    }

    /// A field of the type, or of what its variants hold: those have no names.
    fn field(&self, of: &str, name: &str) -> Option<&Field> {
        let all = self.0.get(of)?;
        let own = all.iter().find(|field| field.name == name);
        own.or_else(|| all.iter().filter(|one| one.name.is_empty()).find_map(|one| self.field(&one.of, name)))
    }

    fn add(&mut self, text: &str) -> Result<()> {
        for item in syn::parse_file(text)?.items {
            match item {
                Item::Struct(one) => drop(self.0.insert(one.ident.to_string(), fields(&one.fields))),
                Item::Enum(one) => self.add_ways(&one),
                _ => {}
            }
        }
        Ok(())
    }

    /// An enum that a `kind` chooses from: its words, and what each way holds.
    fn add_ways(&mut self, one: &syn::ItemEnum) {
        let kinds = one
            .variants
            .iter()
            .map(|way| format!("`{}`: {}", way.ident.to_string().to_lowercase(), doc(&way.attrs)));
        let kind =
            Field { name: "kind".to_owned(), doc: kinds.collect::<Vec<_>>().join(" "), of: String::new() };
        let mut all = vec![kind];
        for way in &one.variants {
            all.extend(fields(&way.fields));
        }
        self.0.insert(one.ident.to_string(), all);
    }
}

fn fields(of: &Fields) -> Vec<Field> {
    let named = |field: &syn::Field| Field {
        name: field.ident.as_ref().map(ToString::to_string).unwrap_or_default(),
        doc: doc(&field.attrs),
        of: type_name(&field.ty),
    };
    of.iter().map(named).collect()
}

/// The doc comment as one paragraph.
fn doc(attributes: &[Attribute]) -> String {
    let lines =
        attributes.iter().filter(|one| one.path().is_ident("doc")).filter_map(|one| match &one.meta {
            Meta::NameValue(pair) => match &pair.value {
                Expr::Lit(text) => match &text.lit {
                    Lit::Str(text) => Some(text.value().trim().to_owned()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        });
    lines.collect::<Vec<_>>().join(" ")
}

fn type_name(of: &Type) -> String {
    let Type::Path(path) = of else { return String::new() };
    let Some(last) = path.path.segments.last() else { return String::new() };
    let inner = match &last.arguments {
        PathArguments::AngleBracketed(list) => list.args.iter().find_map(|one| match one {
            GenericArgument::Type(inner) => Some(inner),
            _ => None,
        }),
        _ => None,
    };
    match inner {
        Some(inner) if last.ident == "Option" || last.ident == "Vec" => type_name(inner),
        _ => last.ident.to_string(),
    }
}

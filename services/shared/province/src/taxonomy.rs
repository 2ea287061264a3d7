//! The fields (lĩnh vực) and leaves that a report is classified into.

use serde::Deserialize;
use toml::Spanned;
use vocabulary::{Access, FieldCode, LeafCode, Scope};

use crate::file::PackFile;
use crate::templates::{ReturnKey, Templates};
use crate::words::{LocalText, one_of};

/// A top class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Stable code.
    pub code: FieldCode,
    /// Name.
    pub name: LocalText,
    /// Whether the service handles it.
    pub scope: Scope,
}

/// A leaf of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Stable code.
    pub code: LeafCode,
    /// Its field.
    pub field: FieldCode,
    /// The scope of its field.
    pub scope: Scope,
    /// Name.
    pub name: LocalText,
    /// What belongs here.
    pub description: LocalText,
    /// Whether a resolution must show the place afterwards.
    pub after_photo_required: bool,
    /// Who may see such reports.
    pub access: Access,
    /// The text for the citizen; exactly the leaves that are out of scope have one.
    pub return_template: Option<ReturnKey>,
}

/// All fields and leaves.
#[derive(Debug)]
pub struct Taxonomy {
    version: String,
    fields: Vec<Field>,
    leaves: Vec<Leaf>,
    template_lines: Vec<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    version: String,
    field: Vec<RawField>,
    leaf: Vec<RawLeaf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawField {
    code: Spanned<String>,
    name_vi: String,
    name_en: String,
    scope: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLeaf {
    code: Spanned<String>,
    field: Spanned<String>,
    name_vi: String,
    name_en: String,
    description_vi: String,
    description_en: String,
    after_photo_required: bool,
    access: Spanned<String>,
    return_template: Option<Spanned<String>>,
}

impl Taxonomy {
    pub(crate) fn parse(file: &PackFile) -> Option<Self> {
        let raw: Raw = file.toml()?;
        let mut taxonomy =
            Self { version: raw.version, fields: Vec::new(), leaves: Vec::new(), template_lines: Vec::new() };
        for raw in raw.field {
            taxonomy.take_field(file, raw);
        }
        if file.is_clean() {
            raw.leaf.into_iter().for_each(|raw| taxonomy.take_leaf(file, raw));
        }
        for field in &taxonomy.fields {
            if file.is_clean() && !taxonomy.leaves.iter().any(|leaf| leaf.field == field.code) {
                file.mistake(
                    None,
                    format!("field `{}` has no leaf", field.code),
                    "a [[leaf]] with this field",
                );
            }
        }
        file.is_clean().then_some(taxonomy)
    }

    fn take_field(&mut self, file: &PackFile, raw: RawField) {
        let line = file.line_of(&raw.code);
        let code: Option<FieldCode> = file.word("code", &raw.code);
        let scope = file.word("scope", &raw.scope);
        file.not_empty(line, "name_vi", &raw.name_vi);
        file.not_empty(line, "name_en", &raw.name_en);
        if code.as_ref().is_some_and(|code| self.find_field(code).is_some()) {
            file.mistake(line, format!("field `{}` stands twice", raw.code.get_ref()), "a code of its own");
        }
        if let (Some(code), Some(scope)) = (code, scope) {
            self.fields.push(Field { code, name: LocalText { vi: raw.name_vi, en: raw.name_en }, scope });
        }
    }

    fn take_leaf(&mut self, file: &PackFile, raw: RawLeaf) {
        let line = file.line_of(&raw.code);
        let code: Option<LeafCode> = file.word("code", &raw.code);
        let access = file.word("access", &raw.access);
        for (key, text) in [
            ("name_vi", &raw.name_vi),
            ("name_en", &raw.name_en),
            ("description_vi", &raw.description_vi),
            ("description_en", &raw.description_en),
        ] {
            file.not_empty(line, key, text);
        }
        let return_template = raw.return_template.as_ref().map(|key| file.word("return_template", key));
        let Some(field) = self.fields.iter().find(|field| field.code.as_str() == raw.field.get_ref()) else {
            let known = self.fields.iter().map(|field| field.code.as_str());
            let problem = format!("no field `{}`", raw.field.get_ref());
            file.mistake(file.line_of(&raw.field), problem, one_of(raw.field.get_ref(), known));
            return;
        };
        let (Some(code), Some(access)) = (code, access) else { return };
        if code.field() != field.code || code.as_str() == field.code.as_str() {
            file.mistake(
                line,
                format!("leaf `{code}` of field `{}`", field.code),
                format!("`{}.` and a word", field.code),
            );
        }
        if self.find_leaf(&code).is_some() {
            file.mistake(line, format!("leaf `{code}` stands twice"), "a code of its own");
        }
        if (field.scope == Scope::Out) != return_template.is_some() {
            let instead = "return_template for the leaves that are out of scope, and only for them";
            file.mistake(line, format!("leaf `{code}`: return_template does not go with its scope"), instead);
        }
        self.template_lines.push(raw.return_template.map_or(line, |key| file.line_of(&key)));
        self.leaves.push(Leaf {
            code,
            field: field.code.clone(),
            scope: field.scope,
            name: LocalText { vi: raw.name_vi, en: raw.name_en },
            description: LocalText { vi: raw.description_vi, en: raw.description_en },
            after_photo_required: raw.after_photo_required,
            access,
            return_template: return_template.flatten(),
        });
    }

    /// Rules that need the templates.
    pub(crate) fn check_templates(&self, file: &PackFile, templates: &Templates) {
        for (leaf, line) in self.leaves.iter().zip(&self.template_lines) {
            if let Some(key) = leaf.return_template.as_ref().filter(|key| templates.returned(key).is_none()) {
                let instead = one_of(key.as_str(), templates.returned_keys().map(ReturnKey::as_str));
                file.mistake(*line, format!("no template `{key}`"), instead);
            }
        }
    }

    /// The version that stands on suggestions and decisions.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// All fields, in the order of the file.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// All leaves, in the order of the file.
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// The field of a code.
    pub fn find_field(&self, code: &FieldCode) -> Option<&Field> {
        self.fields.iter().find(|field| field.code == *code)
    }

    /// The leaf of a code.
    pub fn find_leaf(&self, code: &LeafCode) -> Option<&Leaf> {
        self.leaves.iter().find(|leaf| leaf.code == *code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"version = "1"
[[field]]
code = "infrastructure"
name_vi = "Hạ tầng"
name_en = "Infrastructure"
scope = "in"
[[leaf]]
code = "infrastructure.road"
field = "infrastructure"
name_vi = "Đường"
name_en = "Roads"
description_vi = "…"
description_en = "…"
after_photo_required = true
access = "ordinary"
"#;

    #[test]
    fn leaves_belong_to_fields() {
        let taxonomy = Taxonomy::parse(&PackFile::of("taxonomy.toml", GOOD)).expect("good");
        assert_eq!(taxonomy.leaves()[0].scope, Scope::In);
        for (from, to, line) in [
            ("field = \"infrastructure\"", "field = \"infrastructur\"", 9),
            ("\"infrastructure.road\"", "\"security.road\"", 8),
            ("\"ordinary\"", "\"secret\"", 15),
            ("scope = \"in\"", "scope = \"out\"", 8),
            ("scope = \"in\"", "scope = \"inside\"", 6),
            ("name_en = \"Roads\"", "name_en = \"\"", 8),
        ] {
            let file = PackFile::of("taxonomy.toml", &GOOD.replacen(from, to, 1));
            assert!(Taxonomy::parse(&file).is_none(), "{to}");
            assert_eq!(file.into_mistakes()[0].line, Some(line), "{to}");
        }
    }
}

//! The sources of a module, and their content by schema, with places.

use std::collections::BTreeMap;
use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::expr::Expression as Syntax;
use hcl_edit::parser::parse_body;
use hcl_edit::structure::{Attribute, Block, Body};
use tfplugin_proto::tflint::range::Pos;
use tfplugin_proto::tflint::{self as wire, BodyContent, BodySchema, SchemaMode, body_content};

/// Files by name, and their syntax.
pub struct Sources {
    files: BTreeMap<String, (String, Body)>,
}

impl Sources {
    pub fn new(files: &BTreeMap<String, String>) -> Self {
        let parsed = |(name, text): (&String, &String)| {
            let body = parse_body(text).unwrap_or_else(|error| panic!("{name}: {error}\n{text}"));
            (name.clone(), (text.clone(), body))
        };
        Self { files: files.iter().map(parsed).collect() }
    }

    pub fn bodies(&self) -> impl Iterator<Item = &Body> {
        self.files.values().map(|(_, body)| body)
    }

    /// The content of all files.
    pub fn content(&self, schema: &BodySchema) -> BodyContent {
        let mut content = BodyContent::default();
        for (name, (text, body)) in &self.files {
            let part = File { name, text }.content(body, schema);
            content.attributes.extend(part.attributes);
            content.blocks.extend(part.blocks);
        }
        content
    }
}

struct File<'f> {
    name: &'f str,
    text: &'f str,
}

impl File<'_> {
    fn content(&self, body: &Body, schema: &BodySchema) -> BodyContent {
        let any = schema.mode == i32::from(SchemaMode::JustAttributes);
        let asked = |name: &str| any || schema.attributes.iter().any(|one| one.name == name);
        let attributes = body
            .attributes()
            .filter(|attribute| asked(attribute.key.as_str()))
            .map(|attribute| (attribute.key.as_str().to_owned(), self.attribute(attribute)))
            .collect();
        let blocks = body
            .blocks()
            .filter_map(|block| {
                let schema = schema.blocks.iter().find(|one| one.r#type == block.ident.as_str())?;
                Some(self.block(block, schema.body.as_ref().unwrap_or(&BodySchema::default())))
            })
            .collect();
        BodyContent { attributes, blocks }
    }

    fn attribute(&self, attribute: &Attribute) -> body_content::Attribute {
        let key = attribute.key.span().expect("parsed");
        let value = self.trimmed(attribute.value.span().expect("parsed"));
        body_content::Attribute {
            name: attribute.key.as_str().to_owned(),
            range: Some(self.range(key.start..value.end)),
            name_range: Some(self.range(key)),
            expression: Some(self.expression(&attribute.value)),
        }
    }

    fn expression(&self, expression: &Syntax) -> wire::Expression {
        let span = self.trimmed(expression.span().expect("parsed"));
        wire::Expression {
            bytes: self.text[span.clone()].as_bytes().to_vec(),
            range: Some(self.range(span)),
            value: Vec::new(),
            value_marks: Vec::new(),
        }
    }

    fn block(&self, block: &Block, schema: &BodySchema) -> body_content::Block {
        let ident = block.ident.span().expect("parsed");
        let labels: Vec<Range<usize>> =
            block.labels.iter().map(|label| label.span().expect("parsed")).collect();
        let end = labels.last().map_or(ident.end, |label| label.end);
        body_content::Block {
            r#type: block.ident.as_str().to_owned(),
            labels: block.labels.iter().map(|label| label.as_str().to_owned()).collect(),
            body: Some(self.content(&block.body, schema)),
            def_range: Some(self.range(ident.start..end)),
            type_range: Some(self.range(ident)),
            label_ranges: labels.into_iter().map(|label| self.range(label)).collect(),
        }
    }

    /// Without blanks at the end, which some spans have.
    fn trimmed(&self, span: Range<usize>) -> Range<usize> {
        let text = &self.text[span.clone()];
        span.start..span.start + text.trim_end().len()
    }

    fn range(&self, bytes: Range<usize>) -> wire::Range {
        wire::Range {
            filename: self.name.to_owned(),
            start: Some(self.pos(bytes.start)),
            end: Some(self.pos(bytes.end)),
        }
    }

    fn pos(&self, byte: usize) -> Pos {
        let before = &self.text[..byte];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().expect("a line").chars().count() + 1;
        Pos { line: line as i64, column: column as i64, byte: byte as i64 }
    }
}

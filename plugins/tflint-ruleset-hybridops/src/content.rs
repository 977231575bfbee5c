//! What is asked of a module's content, and what is answered.

use hcl_edit::expr::Expression as Syntax;
use hcl_edit::parser::parse_expr;
use tfplugin_proto::tflint::body_content::{Attribute, Block};
use tfplugin_proto::tflint::body_schema;
use tfplugin_proto::tflint::range::Pos;
use tfplugin_proto::tflint::{BodyContent, BodySchema, Expression, Range, SchemaMode};

/// A schema of attributes and blocks.
pub(crate) fn schema<'n>(
    attributes: impl IntoIterator<Item = &'n str>,
    blocks: impl IntoIterator<Item = body_schema::Block>,
) -> BodySchema {
    let attribute = |name: &str| body_schema::Attribute { name: name.to_owned(), required: false };
    BodySchema {
        attributes: attributes.into_iter().map(attribute).collect(),
        blocks: blocks.into_iter().collect(),
        mode: SchemaMode::Default.into(),
    }
}

/// A schema of whatever attributes there are.
pub(crate) fn any_attributes() -> BodySchema {
    BodySchema { attributes: vec![], blocks: vec![], mode: SchemaMode::JustAttributes.into() }
}

/// A block of a schema.
pub(crate) fn block(kind: &str, labels: &[&str], body: BodySchema) -> body_schema::Block {
    let label_names = labels.iter().map(|label| (*label).to_owned()).collect();
    body_schema::Block { r#type: kind.to_owned(), label_names, body: Some(body) }
}

/// Looking into a block.
pub(crate) trait Look {
    /// Its content.
    fn body(&self) -> Option<&BodyContent>;

    /// An attribute that is set.
    fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.body()?.attributes.get(name)
    }

    /// The expression of an attribute that is set.
    fn expression(&self, name: &str) -> Option<&Expression> {
        self.attribute(name)?.expression.as_ref()
    }

    /// The blocks of a kind.
    fn blocks<'b>(&'b self, kind: &'b str) -> Box<dyn Iterator<Item = &'b Block> + Send + 'b> {
        match self.body() {
            None => Box::new(std::iter::empty()),
            Some(body) => Box::new(body.blocks.iter().filter(move |block| block.r#type == kind)),
        }
    }
}

impl Look for Block {
    fn body(&self) -> Option<&BodyContent> {
        self.body.as_ref()
    }
}

impl Look for BodyContent {
    fn body(&self) -> Option<&BodyContent> {
        Some(self)
    }
}

/// A label of a block, empty where it has none.
pub(crate) fn label(block: &Block, index: usize) -> &str {
    block.labels.get(index).map(String::as_str).unwrap_or_default()
}

/// What a block is called in messages: `aws_instance.web`, `data.hybridops_cost_gate.dr`, `module.dr`.
pub(crate) fn address(block: &Block) -> String {
    let labels = block.labels.join(".");
    match block.r#type.as_str() {
        "resource" => labels,
        kind => format!("{kind}.{labels}"),
    }
}

/// The head of a block as a place.
pub(crate) fn head(block: &Block) -> Range {
    block.def_range.clone().unwrap_or_default()
}

/// The place of an expression.
pub(crate) fn place(expression: &Expression) -> Range {
    expression.range.clone().unwrap_or_default()
}

/// An expression as it is written, with places; `None` where it is not ours to understand.
pub(crate) fn syntax(expression: &Expression) -> Option<Syntax> {
    parse_expr(std::str::from_utf8(&expression.bytes).ok()?).ok()
}

/// The place of a part of an expression, by its bytes within it.
pub(crate) fn part(expression: &Expression, span: std::ops::Range<usize>) -> Range {
    let whole = place(expression);
    let start = whole.start.unwrap_or_default();
    let text = &expression.bytes;
    Range {
        filename: whole.filename,
        start: Some(advance(start, text, span.start)),
        end: Some(advance(start, text, span.end)),
    }
}

/// The position `bytes` further on. Columns count characters.
pub(crate) fn advance(from: Pos, text: &[u8], bytes: usize) -> Pos {
    let passed = String::from_utf8_lossy(text.get(..bytes).unwrap_or(text));
    let lines = passed.matches('\n').count();
    let width = |text: &str| i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
    let column = match passed.rsplit_once('\n') {
        None => from.column.saturating_add(width(&passed)),
        Some((_, last)) => 1 + width(last),
    };
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    Pos { line: from.line + count(lines), column, byte: from.byte.saturating_add(count(bytes)) }
}

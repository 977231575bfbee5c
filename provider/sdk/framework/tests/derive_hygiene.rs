//! The generated code stands where no name is imported and every lint is an error.

#![deny(warnings, clippy::all, clippy::pedantic, rust_2018_idioms, unused_qualifications, unreachable_pub)]
#![deny(missing_docs)]

/// Names of the prelude mean nothing here, or something else.
pub mod bare {
    #![no_implicit_prelude]

    use ::tf_framework::{Choice, Computed, Model, Resource, Sensitive, WriteOnly, function};

    /// Not the one of the prelude.
    #[derive(Clone, Copy, Model)]
    pub struct Option {}

    /// Every shape of field.
    #[derive(::std::clone::Clone, Resource)]
    #[resource(
        name = "bare",
        subcategory = "Test",
        version = 2,
        identity(r#type, id(optional)),
        upgrade(0 = Old, 1 = Old),
        deprecated = "Use another."
    )]
    pub struct Bare {
        /// Names of the generated locals.
        #[attr(validate(matches("^[a-z]+$", "a word"), length(1..=9)))]
        pub value: ::std::string::String,
        /// A keyword.
        #[attr(replace, eq(same, "as nothing else"))]
        pub r#type: ::std::string::String,
        /// A private one.
        #[attr(optional, stable, replace_if(never, "never"))]
        id: Computed<::std::option::Option<u32>>,
        /// One of the crate's.
        #[attr(default = 3, validate(range(1..=5), custom(fine, "fine")), deprecated = "Not needed.")]
        pub(crate) members: u8,
        /// A list.
        #[attr(default = ["a"], validate(each(one_of("a", "b")), items(1..)))]
        block: ::std::vec::Vec<::std::string::String>,
        /// A map.
        #[attr(default = [("a", 1)], validate(keys(length(1))))]
        attributes: ::std::collections::BTreeMap<::std::string::String, i64>,
        /// A choice.
        #[attr(default = "second")]
        choice: Pick,
        /// A secret.
        #[attr(validate(conflicts_with(token)))]
        pub password: WriteOnly<::std::string::String>,
        /// Another.
        token: ::std::option::Option<Sensitive<::std::string::String>>,
        /// A block.
        #[attr(block, min = 1, max = 2, deprecated = "Not needed.")]
        nested: ::std::vec::Vec<Option>,
        /// Another block.
        #[attr(block)]
        single: ::std::option::Option<Option>,
    }

    /// As it was.
    #[derive(::std::clone::Clone, Model)]
    pub struct Old {
        /// Not known then.
        pub nothing: ::std::option::Option<Option>,
    }

    impl ::std::convert::TryFrom<Old> for Bare {
        type Error = ::std::string::String;

        fn try_from(_: Old) -> ::std::result::Result<Self, Self::Error> {
            ::std::result::Result::Err(::std::string::String::new())
        }
    }

    /// Words.
    #[derive(::std::clone::Clone, ::std::marker::Copy, Choice)]
    pub enum Pick {
        /// One.
        First,
        /// Two.
        Second,
    }

    /// Counts.
    #[function(deprecated = "Use another.")]
    #[must_use]
    pub fn count(
        /// Something to start with.
        mut index: u64,
        /// What is counted.
        #[variadic]
        arguments: ::std::vec::Vec<::std::string::String>,
    ) -> u64 {
        for _ in arguments {
            index += 1;
        }
        index
    }

    /// Gives the answer.
    #[function]
    #[must_use]
    pub fn answer() -> u8 {
        42
    }

    fn same(left: &str, right: &str) -> bool {
        ::std::cmp::PartialEq::eq(left, right)
    }

    fn never(_: &::tf_framework::schema::ReplaceQuestion<'_>) -> bool {
        false
    }

    #[allow(clippy::unnecessary_wraps)]
    fn fine(_: &::tf_framework::Value) -> ::std::result::Result<(), ::std::string::String> {
        ::std::result::Result::Ok(())
    }
}

mod within {
    use tf_framework::{Field, Model};

    /// Kept in this module.
    #[derive(Clone, Model)]
    struct Private {
        /// Seen here only.
        name: String,
    }

    #[test]
    fn the_twin_is_as_visible_as_the_struct() {
        let twin = PrivatePartial { name: Field::Known("a".to_owned()) };
        assert_eq!(twin.name.known().map(String::as_str), Some("a"));
        assert!(PrivatePartial::default().name.is_null());
        let named = Private { name: "b".to_owned() };
        assert_eq!(
            named.to_object().get("name").and_then(tf_framework::Value::as_str),
            Some(named.name.as_str())
        );
    }
}

#[test]
fn the_public_items_are_reachable() {
    use tf_framework::{Function, ResourceModel, Value};

    assert_eq!(bare::Bare::VERSION, 2);
    assert_eq!(bare::Bare::block_deprecation().as_deref(), Some("Use another."));
    assert_eq!(bare::Count::call(vec![1.into(), "a".into(), "b".into()]), Ok(Value::from(3)));
    assert_eq!(bare::Answer::call(Vec::new()), Ok(Value::from(42)));
    assert_eq!(bare::count(1, Vec::new()), 1);
}

/// Reads the schema as the server does.
trait Deprecation: tf_framework::ResourceModel {
    fn block_deprecation() -> Option<String> {
        Self::schema().block.deprecated
    }
}

impl Deprecation for bare::Bare {}

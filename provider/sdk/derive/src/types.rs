//! What a type looks like, judged by the last name of its path.

use syn::{GenericArgument, PathArguments, Type};

/// The last name of the type's path, `Option` for `std::option::Option<T>`.
pub(crate) fn name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) if path.qself.is_none() => Some(path.path.segments.last()?.ident.to_string()),
        Type::Group(group) => name(&group.elem),
        Type::Paren(paren) => name(&paren.elem),
        _ => None,
    }
}

/// The type arguments of the last name, `T` for `Option<T>`.
pub(crate) fn arguments(ty: &Type) -> Vec<&Type> {
    match ty {
        Type::Path(path) => match path.path.segments.last().map(|segment| &segment.arguments) {
            Some(PathArguments::AngleBracketed(arguments)) => arguments
                .args
                .iter()
                .filter_map(|argument| match argument {
                    GenericArgument::Type(ty) => Some(ty),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        },
        Type::Group(group) => arguments(&group.elem),
        Type::Paren(paren) => arguments(&paren.elem),
        _ => Vec::new(),
    }
}

/// The argument of a wrapper with one of these names.
pub(crate) fn argument_of<'a>(ty: &'a Type, wrappers: &[&str]) -> Option<&'a Type> {
    let name = name(ty)?;
    if !wrappers.contains(&name.as_str()) {
        return None;
    }
    arguments(ty).last().copied()
}

/// The type of the value itself, without what says who sets it and who may see it.
pub(crate) fn bare(ty: &Type) -> &Type {
    match argument_of(ty, &["Option", "Computed", "WriteOnly", "Sensitive"]) {
        Some(inner) => bare(inner),
        None => ty,
    }
}

/// Whether any of the wrappers around the value has this name.
pub(crate) fn wrapped_in(ty: &Type, wrapper: &str) -> bool {
    argument_of(ty, &["Option", "Computed", "WriteOnly", "Sensitive"])
        .is_some_and(|inner| name(ty).is_some_and(|name| name == wrapper) || wrapped_in(inner, wrapper))
}

/// The type of the elements, where it is a collection.
pub(crate) fn element(ty: &Type) -> Option<&Type> {
    argument_of(bare(ty), &["Vec", "BTreeSet", "BTreeMap"])
}

/// Whether a string may be the value of this type without being a `String`: a choice, a duration.
pub(crate) fn is_word(ty: &Type) -> bool {
    const OTHERS: [&str; 9] =
        ["String", "bool", "f64", "Number", "Value", "Vec", "BTreeSet", "BTreeMap", "Timeouts"];
    bounds(ty).is_none() && name(ty).is_some_and(|name| !OTHERS.contains(&name.as_str()))
}

/// Least and greatest value of a primitive integer type.
pub(crate) fn bounds(ty: &Type) -> Option<(i128, i128)> {
    Some(match name(ty)?.as_str() {
        "u8" => (0, u8::MAX.into()),
        "u16" => (0, u16::MAX.into()),
        "u32" => (0, u32::MAX.into()),
        "u64" => (0, u64::MAX.into()),
        "i8" => (i8::MIN.into(), i8::MAX.into()),
        "i16" => (i16::MIN.into(), i16::MAX.into()),
        "i32" => (i32::MIN.into(), i32::MAX.into()),
        "i64" => (i64::MIN.into(), i64::MAX.into()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::ToTokens;

    fn shown(ty: &Type) -> String {
        ty.to_token_stream().to_string().replace(' ', "")
    }

    #[test]
    fn wrappers_are_peeled() {
        let ty: Type = syn::parse_quote!(tf_framework::Computed<Option<Sensitive<Vec<String>>>>);
        assert_eq!(shown(bare(&ty)), "Vec<String>");
        assert!(element(&ty).is_some_and(|ty| shown(ty) == "String"));
        assert!(wrapped_in(&ty, "Sensitive") && wrapped_in(&ty, "Computed") && !wrapped_in(&ty, "WriteOnly"));
    }

    #[test]
    fn elements_of_a_map_are_its_values() {
        let ty: Type = syn::parse_quote!(Option<BTreeMap<String, u16>>);
        assert!(element(&ty).is_some_and(|ty| shown(ty) == "u16"));
    }
}

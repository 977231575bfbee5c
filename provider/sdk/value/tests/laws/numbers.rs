use std::hash::{DefaultHasher, Hash, Hasher};
use std::str::FromStr;

use bigdecimal::BigDecimal;
use proptest::prelude::*;
use tf_value::Number;

use crate::arbitrary::{decimals, numbers};

fn hash(number: &Number) -> u64 {
    let mut hasher = DefaultHasher::new();
    number.hash(&mut hasher);
    hasher.finish()
}

/// An independent reading of the same text.
fn oracle(text: &str) -> BigDecimal {
    BigDecimal::from_str(text).unwrap()
}

proptest! {
    #[test]
    fn display_reads_back(number in numbers()) {
        let text = number.to_string();
        prop_assert!(!text.contains(['e', 'E', '+']));
        prop_assert_eq!(&Number::parse(&text).unwrap(), &number);
        prop_assert_eq!(oracle(&text), oracle(&format!("{number:?}")));
    }

    #[test]
    fn parsing_agrees_with_the_oracle(text in decimals()) {
        prop_assert_eq!(oracle(&Number::parse(&text).unwrap().to_string()), oracle(&text));
    }

    #[test]
    fn order_agrees_with_the_oracle(a in numbers(), b in numbers()) {
        prop_assert_eq!(a.cmp(&b), oracle(&a.to_string()).cmp(&oracle(&b.to_string())));
        prop_assert_eq!(a == b, a.cmp(&b).is_eq());
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
    }

    #[test]
    fn spelling_does_not_matter(number in numbers(), zeros in 0..5_usize) {
        let plain = number.to_string();
        let point = if plain.contains('.') { "" } else { "." };
        let other = Number::parse(&format!("{plain}{point}{}e0", "0".repeat(zeros))).unwrap();
        prop_assert_eq!(&other, &number);
        prop_assert_eq!(hash(&other), hash(&number));
    }

    #[test]
    fn integers_are_themselves(signed in any::<i64>(), unsigned in any::<u64>()) {
        prop_assert_eq!(Number::from(signed).as_i64(), Some(signed));
        prop_assert_eq!(Number::from(unsigned).as_u64(), Some(unsigned));
        prop_assert_eq!(Number::parse(&signed.to_string()).unwrap(), Number::from(signed));
        prop_assert!(Number::from(unsigned).is_integer());
    }

    #[test]
    fn floats_are_themselves(float in any::<f64>().prop_filter("finite", |float| float.is_finite())) {
        prop_assert_eq!(Number::from_f64_exact(float).unwrap().to_f64_exact(), Some(float));
        prop_assert_eq!(Number::from_f64(float).unwrap().to_f64(), float);
    }

    #[test]
    fn an_exact_float_is_the_very_number(number in numbers()) {
        if let Some(float) = number.to_f64_exact() {
            prop_assert_eq!(Number::from_f64_exact(float), Some(number));
        }
    }

    #[test]
    fn whatever_text_does_no_harm(text in "[-+0-9.eE]{0,30}|\\PC{0,12}") {
        if let Ok(number) = Number::parse(&text) {
            prop_assert_eq!(Number::parse(&number.to_string()), Ok(number));
        }
    }
}

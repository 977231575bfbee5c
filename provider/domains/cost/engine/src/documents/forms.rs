//! Forms of names and codes.

/// Hours of a month where a price is one for a month: as Infracost and OpenCost have it.
pub const HOURS_PER_MONTH: u64 = 730;

/// Letters, digits and hyphens in lower case, at most 63, none at an end.
#[must_use]
pub fn is_component(text: &str) -> bool {
    let bytes = text.as_bytes();
    let inner = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    let ends = [bytes.first(), bytes.last()].into_iter().all(|end| end.is_some_and(|byte| *byte != b'-'));
    bytes.len() <= 63 && ends && bytes.iter().all(inner)
}

/// Environments are named as components are.
#[must_use]
pub fn is_env(text: &str) -> bool {
    is_component(text)
}

/// Letters, digits, `.`, `_` and `-`, at most 128, beginning with a letter or digit, without `..`.
#[must_use]
pub fn is_run_id(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    text.len() <= 128
        && text.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
        && text.bytes().all(inner)
        && !text.contains("..")
}

/// A currency of ISO 4217 in use.
#[must_use]
pub fn is_currency(text: &str) -> bool {
    text.len() == 3
        && text.bytes().all(|byte| byte.is_ascii_uppercase())
        && CURRENCIES.split(' ').any(|code| code == text)
}

/// Digits after the point of a currency when it is shown.
#[must_use]
pub fn minor_unit(currency: &str) -> u32 {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI"
        | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

const CURRENCIES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP \
    BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP \
    GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD \
    LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN \
    PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS \
    UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XDR XOF XPF XSU XUA YER ZAR ZMW ZWG";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        for good in ["a", "dr-aks", "0", &"a".repeat(63)] {
            assert!(is_component(good), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a_b", "a/b", "..", "é", &"a".repeat(64)] {
            assert!(!is_component(bad), "{bad}");
        }
        for good in ["gha-18273645-1", "A.b_c", "1"] {
            assert!(is_run_id(good), "{good}");
        }
        for bad in ["", ".a", "a..b", "a/b", "a b", "-a", &"a".repeat(129)] {
            assert!(!is_run_id(bad), "{bad}");
        }
        assert!(is_currency("EUR") && is_currency("XOF"));
        assert!(!is_currency("EURO") && !is_currency("eur") && !is_currency("ZZZ") && !is_currency("DEM"));
    }
}

//! Disk sizes: `32G`, `512M`, `4194304`.

use std::fmt;
use std::str::FromStr;

/// A text that is no size.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not a size: expected a number with K, M, G or T, such as 32G")]
pub struct SizeError(String);

/// A size in bytes, written with the largest binary unit that divides it, as Proxmox does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DiskSize(pub u64);

const UNITS: &[(char, u32)] = &[('T', 40), ('G', 30), ('M', 20), ('K', 10)];

impl DiskSize {
    /// A size in GiB, where it fits.
    pub fn gib(count: u64) -> Option<Self> {
        count.checked_mul(1 << 30).map(Self)
    }

    /// Whole GiB, rounded up: what `storage:N` allocates.
    pub fn gib_rounded_up(self) -> u64 {
        self.0.div_ceil(1 << 30)
    }
}

impl FromStr for DiskSize {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        let fault = || SizeError(text.to_owned());
        let trimmed = text.trim();
        let (number, shift) = UNITS
            .iter()
            .find_map(|(unit, shift)| {
                Some((trimmed.strip_suffix([*unit, unit.to_ascii_lowercase()])?, *shift))
            })
            .unwrap_or((trimmed, 0));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || number.ends_with('.') {
            return Err(fault());
        }
        let whole: u128 = whole.parse().map_err(|_| fault())?;
        // A decimal fraction of a binary unit, exact to the byte below; nine digits reach beyond a byte of 1 G.
        let fraction = &fraction[..fraction.len().min(15)];
        let scale = 10_u128.pow(u32::try_from(fraction.len()).map_err(|_| fault())?);
        let part: u128 = if fraction.is_empty() { 0 } else { fraction.parse().map_err(|_| fault())? };
        let bytes = whole.checked_mul(1 << shift).ok_or_else(fault)? + ((part << shift) / scale);
        u64::try_from(bytes).map(Self).map_err(|_| fault())
    }
}

impl fmt::Display for DiskSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = UNITS.iter().find(|(_, shift)| self.0 != 0 && self.0.is_multiple_of(1 << shift));
        match unit {
            Some((unit, shift)) => write!(f, "{}{unit}", self.0 >> shift),
            None => write!(f, "{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings() {
        for (text, bytes) in [
            ("2G", 2 << 30),
            ("512M", 512 << 20),
            ("4194304", 4 << 20),
            ("1.5G", 3 << 29),
            ("0", 0),
            (" 1t ", 1 << 40),
        ] {
            assert_eq!(text.parse(), Ok(DiskSize(bytes)), "{text}");
        }
        for bad in ["", "G", "-1G", "+1G", "1.G", "1GB", "1 G", "99999999999999T", "1e3"] {
            assert!(bad.parse::<DiskSize>().is_err(), "{bad}");
        }
        assert_eq!(DiskSize(3 << 29).to_string(), "1536M");
        assert_eq!(DiskSize(2_361_393_152).gib_rounded_up(), 3);
    }

    proptest! {
        #[test]
        fn text_reads_back(bytes: u64) {
            prop_assert_eq!(DiskSize(bytes).to_string().parse(), Ok(DiskSize(bytes)));
        }

        #[test]
        fn whole_units_read_back(count in 0_u64..1 << 23, unit in 0_usize..4) {
            let size = DiskSize(count << UNITS[unit].1);
            prop_assert_eq!(format!("{count}{}", UNITS[unit].0).parse(), Ok(size));
        }
    }
}

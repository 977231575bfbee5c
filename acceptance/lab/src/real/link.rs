//! Links between guests and the rest of the world, cut and mended.

use super::run::run;
use super::{RealError, RealGuests};

impl RealGuests {
    /// Takes the link of a guest's first card down: nobody reaches it, it reaches nobody.
    ///
    /// # Errors
    /// [`RealError::Program`].
    pub fn cut(&self, vmid: u32) -> Result<(), RealError> {
        run("ip", ["link", "set", &self.bridge.port(vmid, 0), "down"]).map(drop)
    }

    /// Takes the link up again.
    ///
    /// # Errors
    /// [`RealError::Program`].
    pub fn mend(&self, vmid: u32) -> Result<(), RealError> {
        run("ip", ["link", "set", &self.bridge.port(vmid, 0), "up"]).map(drop)
    }

    /// Lets two running guests lose all that they send each other; the rest of the world reaches both. Gone with a
    /// restart of either.
    ///
    /// # Errors
    /// [`RealError::Program`].
    pub fn part(&self, one: (u32, &str), other: (u32, &str)) -> Result<(), RealError> {
        self.exec(one.0, &format!("ip route replace blackhole {}/32", other.1))?;
        self.exec(other.0, &format!("ip route replace blackhole {}/32", one.1)).map(drop)
    }

    /// Ends what [`RealGuests::part`] began.
    ///
    /// # Errors
    /// [`RealError::Program`].
    pub fn rejoin(&self, one: (u32, &str), other: (u32, &str)) -> Result<(), RealError> {
        self.exec(one.0, &format!("ip route delete blackhole {}/32", other.1))?;
        self.exec(other.0, &format!("ip route delete blackhole {}/32", one.1)).map(drop)
    }
}

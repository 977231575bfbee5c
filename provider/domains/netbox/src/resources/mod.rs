//! The resources that are more than one object of the table.

mod guest;

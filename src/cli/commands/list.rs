//! `pf list`

pub(crate) struct X;

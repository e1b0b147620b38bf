//! Phrases that speak to a model over the head of its prompt: marks of other chat formats, orders to forget what was
//! said, and addresses that carry text away.

pub mod address;
pub mod order;
pub mod role_mark;

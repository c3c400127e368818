//! Proxies between a store and its database, each of which loses what it is told to.

mod answers;
mod mongo;
mod text;
mod wire;

pub use self::answers::AnswerProxy;
pub use self::mongo::MongoProxy;
pub use self::text::{Lose, TextProxy};
pub use self::wire::Commit;

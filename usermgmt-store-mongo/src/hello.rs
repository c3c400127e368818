//! What a server says of itself.

use mongodb::bson::Document;
use usermgmt_core::store::StoreError;

/// Whether the server is of a replica set, or the router of a sharded cluster.
pub(crate) fn has_transactions(hello: &Document) -> bool {
    hello.contains_key("setName") || hello.get_str("msg").is_ok_and(|msg| msg == "isdbgrid")
}

/// Over `directConnection=true` the driver asks the one server it has, whether or
/// not that is the primary any more.
pub(crate) fn require_primary(hello: &Document) -> Result<(), StoreError> {
    match hello.get_bool("isWritablePrimary") {
        Ok(true) => Ok(()),
        _ => Err(StoreError::unavailable(
            "the MongoDB server is not the primary; where the URL has directConnection=true, \
             name all members and replicaSet instead, so that the primary is found",
        )),
    }
}

#[cfg(test)]
mod tests {
    use mongodb::bson::doc;

    use super::*;

    #[test]
    fn a_server_that_stands_alone_is_told_from_a_replica_set_and_a_router() {
        assert!(has_transactions(&doc! { "isWritablePrimary": true, "setName": "rs0" }));
        assert!(has_transactions(&doc! { "isWritablePrimary": true, "msg": "isdbgrid" }));
        assert!(!has_transactions(&doc! { "isWritablePrimary": true }));
    }

    #[test]
    fn a_server_that_is_not_the_primary_is_unavailable() {
        assert!(require_primary(&doc! { "isWritablePrimary": true, "msg": "isdbgrid" }).is_ok());
        for hello in [doc! { "isWritablePrimary": false, "secondary": true }, doc! {}] {
            let refused = require_primary(&hello);
            assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        }
    }
}

//! The server and its stores where it hurts: answers that are lost, replicas
//! that race, databases that die, clocks that differ. On every database server,
//! with real processes where these are the point.

#[cfg(test)]
mod behind_nginx;
#[cfg(test)]
mod burst;
#[cfg(test)]
mod clocks;
#[cfg(test)]
mod conflicts;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod database_server;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod flows;
#[cfg(test)]
mod front;
#[cfg(test)]
mod guesser;
#[cfg(test)]
mod lost_answers;
#[cfg(test)]
mod pgbouncer;
#[cfg(test)]
mod pool;
#[cfg(test)]
mod replicas;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod silences;
#[cfg(test)]
mod slow_clients;
#[cfg(test)]
mod sql;
#[cfg(test)]
mod start;
#[cfg(test)]
mod upgrade;
#[cfg(test)]
mod world;

/// The same tests on each database server.
#[cfg(test)]
macro_rules! on_each_server {
    ($($test:ident),* $(,)?) => {
        crate::on_each_server! { @ postgres Postgres $($test)* }
        crate::on_each_server! { @ mysql MySql $($test)* }
        crate::on_each_server! { @ mongo Mongo $($test)* }
    };
    (@ $module:ident $kind:ident $($test:ident)*) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    super::$test(usermgmt_test_support::Kind::$kind).await;
                }
            )*
        }
    };
}
#[cfg(test)]
pub(crate) use on_each_server;

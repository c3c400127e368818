//! Moving in, moving out, and the change-over: the real server's commands over
//! databases as other systems fill them.

#[cfg(test)]
mod change_over;
#[cfg(test)]
mod duplicates;
#[cfg(test)]
mod flask_mongo;
#[cfg(test)]
mod flask_sql;
#[cfg(test)]
mod formats;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod interrupted;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod world;

/// The same tests into each kind of store.
#[cfg(test)]
macro_rules! on_each_store {
    ($($test:ident),* $(,)?) => {
        crate::on_each_store! { @ sqlite Sqlite $($test)* }
        crate::on_each_store! { @ postgres Postgres $($test)* }
        crate::on_each_store! { @ mysql MySql $($test)* }
        crate::on_each_store! { @ mongo Mongo $($test)* }
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
pub(crate) use on_each_store;
